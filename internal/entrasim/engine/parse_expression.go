package engine

import "strings"

// ParseExpressionRequest is the body of the schema's parseExpression action.
type ParseExpressionRequest struct {
	Expression      string `json:"expression"`
	TestInputObject *struct {
		Properties []struct {
			Key   string `json:"key"`
			Value any    `json:"value"`
		} `json:"properties"`
	} `json:"testInputObject"`
}

// ParseExpressionResponse is microsoft.graph.parseExpressionResponse.
type ParseExpressionResponse struct {
	ParsingSucceeded    bool              `json:"parsingSucceeded"`
	EvaluationSucceeded bool              `json:"evaluationSucceeded"`
	EvaluationResult    []string          `json:"evaluationResult"`
	Error               *ExpressionError  `json:"error"`
	ParsedExpression    *ParsedExpression `json:"parsedExpression"`
}

// ExpressionError is microsoft.graph.publicError as far as the action fills it.
type ExpressionError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// ParsedExpression is microsoft.graph.attributeMappingSource without parameters.
type ParsedExpression struct {
	Type       string  `json:"type"`
	Name       *string `json:"name"`
	Expression string  `json:"expression"`
	Parameters []any   `json:"parameters"`
}

// ParseExpression checks an expression and evaluates it with the test input, if there is one. A bad expression is
// data in a 200 answer, not a refusal.
func ParseExpression(req ParseExpressionRequest) ParseExpressionResponse {
	out := ParseExpressionResponse{EvaluationResult: []string{}}
	x, err := parseExpression(req.Expression)
	if err != nil {
		out.Error = &ExpressionError{"InvalidExpression", err.Error()}
		return out
	}
	out.ParsingSucceeded = true
	out.ParsedExpression = &ParsedExpression{Type: expressionType(req.Expression), Expression: req.Expression, Parameters: []any{}}
	if req.TestInputObject == nil {
		return out
	}
	input := map[string]any{}
	for _, p := range req.TestInputObject.Properties {
		input[p.Key] = p.Value
	}
	out.EvaluationSucceeded = true
	if v := x(func(name string) any { return input[name] }); v != nil {
		out.EvaluationResult = append(out.EvaluationResult, text(v))
	}
	return out
}

func expressionType(expression string) string {
	switch strings.TrimSpace(expression)[0] {
	case '[':
		return "Attribute"
	case '"':
		return "Constant"
	}
	return "Function"
}
