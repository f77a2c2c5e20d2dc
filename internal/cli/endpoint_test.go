package cli

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// The word for Amazon's endpoint is none of other services'.
func TestOwnEndpoint(t *testing.T) {
	for said, want := range map[string]string{"aws": "", "http://h": "http://h"} {
		o := sts.Options{BaseEndpoint: &said}
		ownEndpoint("STS", &o)
		if got := aws.ToString(o.BaseEndpoint); got != want {
			t.Errorf("%s becomes %q, want %q", said, got, want)
		}
	}
	ownEndpoint("STS", &sts.Options{})
	ownEndpoint("another", &struct{ Region string }{})
}
