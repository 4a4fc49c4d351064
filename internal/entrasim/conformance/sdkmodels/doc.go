// Package sdkmodels decodes what a tour recorded with the models of Microsoft's SDK for Go, which are generated from
// the service's schema by other people. Nothing that the simulator answers may land in a model's additional data,
// which is where a generated client puts what it does not know. It is the only room of the simulator that may
// import the SDK, and only its tests do.
package sdkmodels
