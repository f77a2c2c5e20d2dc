package main

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"firn/internal/awsapi"
	"firn/internal/sigv4"
	"firn/internal/sns"
)

// askSNS sends a request about topics and prints the reply: sns ACTION
// NAME=VALUE...
func askSNS(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: sns ACTION NAME=VALUE...")
	}
	form := url.Values{"Action": {args[0]}, "Version": {sns.Version}}
	for _, arg := range args[1:] {
		name, value, _ := strings.Cut(arg, "=")
		form.Set(name, value)
	}
	c, err := awsapi.NewClient(ts.Getenv("url"), sigv4.Credentials{
		AccessKeyID: ts.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: ts.Getenv("AWS_SECRET_ACCESS_KEY"),
	}, "us-east-1", sns.Service)
	ts.Check(err)
	document, err := c.Do(context.Background(), form)
	ts.Check(err)
	_, err = ts.Stdout().Write(document)
	ts.Check(err)
}

// awaitOutput runs a program until it prints a text: await TEXT PROGRAM
// ARGUMENTS...
func awaitOutput(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: await TEXT PROGRAM ARGUMENTS...")
	}
	for began := time.Now(); ; {
		ts.Check(ts.Exec(args[1], args[2:]...))
		if strings.Contains(ts.ReadFile("stdout"), args[0]) {
			return
		}
		if time.Since(began) > time.Minute {
			ts.Fatalf("after a minute there is no %q", args[0])
		}
		<-time.After(20 * time.Millisecond)
	}
}
