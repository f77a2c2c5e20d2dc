package selection

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"firn/glacier"
	"firn/internal/bucket"
	"firn/internal/query"
	"firn/internal/scan"
)

const (
	// maxDocuments is how many bytes the two objects of a request may have together as they stand in a string, which a description
	// of the job is in a notification, so that it fits in one.
	maxDocuments = 224 << 10
)

// A Request is what a select job is asked for, checked as far as it can be without the archive and the bucket.
type Request struct {
	Query    *scan.Query
	Location *Location
	// SelectParameters and OutputLocation are the objects as they were understood, in compact JSON. Members that nobody knows are
	// not in them: what a stranger put there could keep others from reading a list of jobs. Parse takes them for the same.
	SelectParameters, OutputLocation json.RawMessage
}

// Check holds the query against the beginning of an archive: whether the columns that it names are in the header. A header that is too
// far to look for is no error. The error is a [*query.Error], that of ctx, or the reader's own.
func (r *Request) Check(ctx context.Context, archive io.Reader) error {
	err := r.Query.Check(ctx, archive)
	if errors.Is(err, scan.ErrFar) {
		return nil
	}
	return err
}

// Parse reads the members SelectParameters and OutputLocation of a request. What is null, or an empty string, was not supplied.
// The error is a *[glacier.Error].
func Parse(parameters, location json.RawMessage) (*Request, error) {
	if len(parameters)+len(location) > maxDocuments {
		return nil, tooLong()
	}
	var p glacier.SelectParameters
	if err := decode("SelectParameters", parameters, &p); err != nil {
		return nil, err
	}
	var o glacier.OutputLocation
	if err := decode("OutputLocation", location, &o); err != nil {
		return nil, err
	}
	l, err := parseLocation(o.S3)
	if err != nil {
		return nil, err
	}
	q, err := parseQuery(&p)
	if err != nil {
		return nil, err
	}
	r := &Request{Query: q, Location: l}
	return r, r.encode(&p, &o)
}

// encode writes the objects down as they were understood.
func (r *Request) encode(p *glacier.SelectParameters, o *glacier.OutputLocation) (err error) {
	if r.SelectParameters, err = glacier.Encode(p); err != nil {
		return fmt.Errorf("encode SelectParameters: %w", err)
	}
	if r.OutputLocation, err = glacier.Encode(o); err != nil {
		return fmt.Errorf("encode OutputLocation: %w", err)
	}
	quoted, err := glacier.Encode([]string{string(r.SelectParameters), string(r.OutputLocation)})
	if err == nil && len(quoted) > maxDocuments {
		return tooLong()
	}
	return err
}

func tooLong() *glacier.Error {
	return invalid("SelectParameters and OutputLocation must not have more than %d bytes together, with quotes and backslashes escaped.", maxDocuments)
}

// ParseLocation is Parse for OutputLocation alone.
func ParseLocation(location json.RawMessage) (*Location, error) {
	var o glacier.OutputLocation
	if err := decode("OutputLocation", location, &o); err != nil {
		return nil, err
	}
	return parseLocation(o.S3)
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
	case len(expression) > query.MaxExpression:
		return nil, invalid("Invalid Expression: it has %d bytes, and %d are allowed.", len(expression), query.MaxExpression)
	case !whole(expression):
		return nil, invalid("Invalid Expression: it must not have the character U+FFFD, or half of a surrogate pair.")
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

// whole reports whether a text holds nothing that stands for what could not be decoded: JSON can have half of a surrogate pair, and
// UTF-8 cannot.
func whole(s string) bool { return !strings.ContainsRune(s, utf8.RuneError) }

// Refusal words what is wrong with a query, or with the bucket, for the client. An error that is about neither, or not his to mend,
// is handed through.
func Refusal(err error) error {
	switch {
	case errors.Is(err, bucket.ErrDenied):
		return invalid("Invalid OutputLocation: %s.", storeWords(err))
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

// storeWords words a bucket's refusal for strangers. A store's own words are for the operator: they name his user.
func storeWords(err error) string {
	const words = "the bucket takes no results"
	if answer, ok := errors.AsType[*bucket.Error](err); ok {
		return words + ": " + (&bucket.Error{Status: answer.Status, Code: answer.Code}).Error()
	}
	if refusal, ok := errors.AsType[bucket.Refusal](err); ok {
		return string(refusal)
	}
	return words
}

// text is the value of an optional string, "" if it was not supplied.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
