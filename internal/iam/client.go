package iam

import (
	"firn/internal/access"
	"firn/internal/awsapi"
	"firn/internal/sigv4"
)

// Region is what a client signs for: IAM has no regions, and clients name this
// one.
const Region = "us-east-1"

// NewClient returns a client of the server at a base URL, such as
// http://127.0.0.1:9420. It connects to nothing yet.
func NewClient(endpoint string, key sigv4.Credentials) (*awsapi.Client, error) {
	return awsapi.NewClient(endpoint, key, Region, access.IAM)
}

// Decode reads the result of an action from its reply's document.
func Decode(document []byte, action string, result any) error {
	return awsapi.Decode(document, action, result)
}
