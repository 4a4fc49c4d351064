package graph

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	abs "github.com/microsoft/kiota-abstractions-go"

	"entente.dev/entente/internal/limits"
	"entente.dev/entente/internal/problem"
)

// Operation is one row of what this package can do: the table behind each request's error, metric, cost and
// the permission that a 403 names.
type Operation struct {
	Name       string // "list partner configurations"
	Method     string
	Route      string // path template under /v1.0
	Permission string // the application permission that allows it
	Class      limits.Class
	Cost       int // resource units, or calls in classes that count calls
	Writes     int // writes counted against the identity quota
}

// call is an operation on its way; a batch changes its cost.
type call struct{ Operation }

func (k *call) operation() Operation { return k.Operation }

// write tells whether the operation changes anything.
func (k *call) write() bool { return k.Method != "" && k.Method != http.MethodGet }

func (k *call) problem(kind problem.Kind, code, detail, remedy string) *problem.Error {
	found := problem.New(kind, k.Name, detail)
	found.Code, found.Remedy = code, remedy
	return found
}

type callKey struct{}

// callOf returns the operation of a request; an empty one for a request that was not made by this package,
// so that the pipeline never fails on a missing value.
func callOf(ctx context.Context) *call {
	if k, ok := ctx.Value(callKey{}).(*call); ok {
		return k
	}
	return &call{Operation{Name: "call Graph", Class: limits.Identity, Cost: 1}}
}

// request is one call being made.
type request struct {
	client *Client
	ctx    context.Context
	call   *call
}

func (c *Client) begin(ctx context.Context, op Operation) request {
	k := &call{op}
	return request{client: c, ctx: context.WithValue(ctx, callKey{}, k), call: k}
}

// send executes what an SDK builder made and returns the body, nil for an answer without one. It takes the
// builder's two results as they are.
func (r request) send(info *abs.RequestInformation, err error) ([]byte, error) {
	if err != nil {
		return nil, r.bug("the request cannot be built", err)
	}
	result, err := r.client.adapter.SendPrimitive(r.ctx, info, "[]byte", nil)
	if err != nil {
		return nil, r.failed(err)
	}
	body, _ := result.([]byte)
	return body, nil
}

// do is send for answers without a body that matters.
func (r request) do(info *abs.RequestInformation, err error) error {
	_, err = r.send(info, err)
	return err
}

// decode reads JSON into dst. An answer that is not what Graph documents is a Bug of the reading: it must
// never be taken for an empty one.
func (r request) decode(body []byte, dst any) error {
	if err := json.Unmarshal(body, dst); err != nil {
		return r.bug("the answer is not the JSON that was expected", nil)
	}
	return nil
}

// failed keeps the problem that the pipeline made, and drops what net/http and kiota wrapped around it,
// because that quotes URLs.
func (r request) failed(err error) error {
	var known *problem.Error
	if errors.As(err, &known) {
		return known
	}
	return r.bug("the request failed before it was sent", err)
}

func (r request) bug(detail string, cause error) error {
	found := problem.New(problem.Bug, r.call.Name, detail)
	if cause != nil {
		found = problem.Wrap(problem.Bug, r.call.Name, cause)
		found.Detail = detail
	}
	found.Tenant = r.client.tenant
	return found
}

func (r request) problem(kind problem.Kind, detail, remedy string) error {
	found := r.call.problem(kind, "", detail, remedy)
	found.Tenant = r.client.tenant
	return found
}

// raw builds a request that the SDK has no builder for. The path parameters are percent-encoded by the
// template's expansion. The package doc lists every use.
func (r request) raw(method abs.HttpMethod, template string, parameters map[string]string, body any) (*abs.RequestInformation, error) {
	info := abs.NewRequestInformationWithMethodAndUrlTemplateAndPathParameters(method, "{+baseurl}"+template, parameters)
	info.Headers.TryAdd("Accept", "application/json")
	if body == nil {
		return info, nil
	}
	content, ok := body.(json.RawMessage)
	if !ok {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	info.SetStreamContentAndContentType(content, "application/json")
	return info, nil
}

// link builds a request for a next or delta link, after checking where it leads.
func (r request) link(link string) (*abs.RequestInformation, error) {
	u, err := checkLink(r.client.base, link)
	if err != nil {
		return nil, err
	}
	info := abs.NewRequestInformation()
	info.Method = abs.GET
	info.SetUri(*u)
	info.Headers.TryAdd("Accept", "application/json")
	return info, nil
}
