// Package conformance holds the simulator against truths that were not written by us: Microsoft's schema of Graph
// v1.0 here, the models of Microsoft's SDK in sdkmodels, and Microsoft's own JavaScript client in graphjs.
//
// Rooms: csdl reads the schema and judges answers by it, tour takes a simulator through all of its routes,
// sdkmodels decodes what the tour recorded, graphjs is a Node project that knows the simulator only by its address.
package conformance
