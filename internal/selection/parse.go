package selection

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"firn/glacier"
	"firn/internal/bucket"
	"firn/internal/query"
	"firn/internal/scan"
)

const (
	// maxExpression is how many bytes a query may have.
	maxExpression = 128 << 10
	// maxDocuments is how many bytes the two objects of a request may have together, so that a description of the job fits in
	// a notification.
	maxDocuments = 224 << 10
)

// A Request is what a select job is asked for, checked as far as it can be without the archive and the bucket.
type Request struct {
	Query    *scan.Query
	Location *Location
}

// Parse reads the members SelectParameters and OutputLocation of a request. What is null, or an empty string, was not supplied.
// The error is a *[glacier.Error].
func Parse(parameters, location json.RawMessage) (*Request, error) {
	if len(parameters)+len(location) > maxDocuments {
		return nil, invalid("SelectParameters and OutputLocation must not have more than %d bytes together.", maxDocuments)
	}
	var p glacier.SelectParameters
	if err := decode("SelectParameters", parameters, &p); err != nil {
		return nil, err
	}
	l, err := ParseLocation(location)
	if err != nil {
		return nil, err
	}
	q, err := parseQuery(&p)
	if err != nil {
		return nil, err
	}
	return &Request{Query: q, Location: l}, nil
}

// ParseLocation is Parse for OutputLocation alone.
func ParseLocation(location json.RawMessage) (*Location, error) {
	var l glacier.OutputLocation
	if err := decode("OutputLocation", location, &l); err != nil {
		return nil, err
	}
	return parseLocation(l.S3)
}

// decode fills a struct from a member of a request, which must be there.
func decode(name string, raw json.RawMessage, v any) error {
	switch {
	case absent(raw):
		return glacier.MissingParameter(strings.ToLower(name[:1]) + name[1:])
	case !utf8.Valid(raw):
		return invalid("Invalid %s: it is not UTF-8.", name)
	case glacier.Decode(raw, v) != nil:
		return glacier.Errorf(glacier.Serialization, "Invalid JSON: %s could not be parsed.", name)
	}
	return nil
}

// absent reports whether a member is not there, or null, which means the same.
func absent(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) == 0 || string(raw) == "null"
}

func parseQuery(p *glacier.SelectParameters) (*scan.Query, error) {
	expression, kind := text(p.Expression), text(p.ExpressionType)
	switch {
	case expression == "":
		return nil, glacier.MissingParameter("expression")
	case kind == "":
		return nil, glacier.MissingParameter("expressionType")
	case kind != "SQL":
		return nil, invalid("Invalid ExpressionType: %.100s. It must be SQL.", kind)
	case len(expression) > maxExpression:
		return nil, invalid("Invalid Expression: it has %d bytes, and %d are allowed.", len(expression), maxExpression)
	}
	in, err := parseInput(p.InputSerialization)
	if err != nil {
		return nil, err
	}
	out, err := parseOutput(p.OutputSerialization)
	if err != nil {
		return nil, err
	}
	q, err := scan.Compile(expression, in, out)
	if err != nil {
		return nil, Refusal(err)
	}
	return q, nil
}

// Refusal words what is wrong with a query, or with the bucket, for the client. An error that is about neither, or not his to mend,
// is handed through.
func Refusal(err error) error {
	answer, answered := errors.AsType[*bucket.Error](err)
	switch denied := errors.Is(err, bucket.ErrDenied); {
	case denied && answered:
		return invalid("Invalid OutputLocation: the bucket takes no results: %s.", strings.TrimSuffix(answer.Error(), "."))
	case denied:
		return invalid("Invalid OutputLocation: %v.", err)
	case errors.Is(err, bucket.ErrFull):
		return glacier.Errorf(glacier.ServiceUnavailable, "There is no space left to store the results.")
	case errors.Is(err, ErrBucket), errors.Is(err, context.DeadlineExceeded):
		return glacier.Errorf(glacier.ServiceUnavailable, "The bucket for the results cannot be reached.")
	}
	e, ok := errors.AsType[*query.Error](err)
	if !ok {
		return err
	}
	switch code := glacier.Code(e.Code); code {
	case glacier.MissingHeaderName, glacier.AmbiguousFieldName:
		return glacier.Errorf(code, "%s", strings.TrimPrefix(e.Error(), e.Code+": "))
	}
	return invalid("%s", e.Error())
}

// text is the value of an optional string, "" if it was not supplied.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
