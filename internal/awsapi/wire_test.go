package awsapi

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/audit"
	"firn/internal/sigv4"
	"firn/internal/store"
)

// xmlError is a refusal's document.
func xmlError(fault, code, message string) string {
	return fmt.Sprintf(`<ErrorResponse xmlns="http://toy/"><Error><Type>%s</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>ID</RequestId></ErrorResponse>`,
		fault, code, message)
}

const toyVersion = "&Version=2020-02-02"

func TestQueryProtocol(t *testing.T) {
	h := build(t, nil)
	internal := xmlError("Receiver", "ServiceFailure", "The request processing has failed because of an unknown error. Request id: ID")
	auth := func(value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", value) }
	}
	for _, tt := range []struct {
		name               string
		method, path, body string
		change             func(*http.Request)
		status             int
		want               string
	}{
		{"a result", "POST", "/", "Action=Make&Name=%3Cn%3E&Tags.member.1.Key=k&Things.entry.1.key=b&Things.entry.1.value=2&Things.entry.2.key=a&Things.entry.2.value=1&QueueName.1=q" + toyVersion, nil, 200,
			`<MakeResponse xmlns="http://toy/"><MakeResult><Said>&lt;n&gt;</Said><Things><entry><key>a</key><value>1</value></entry><entry><key>b</key><value>2</value></entry></Things>` +
				`<List><member>q</member></List></MakeResult><ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></MakeResponse>`},
		{"nothing in the result", "POST", "/", "Action=Make&Name=&Tags=" + toyVersion, nil, 200,
			`<MakeResponse xmlns="http://toy/"><MakeResult><Said></Said><Things></Things><List></List></MakeResult><ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></MakeResponse>`},
		{"no result", "POST", "/", "Action=Look" + toyVersion, nil, 200,
			`<LookResponse xmlns="http://toy/"><ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></LookResponse>`},
		{"GET", "GET", "/?Action=Look" + toyVersion, "", nil, 200, `<LookResponse xmlns="http://toy/"><ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></LookResponse>`},
		{"another path", "POST", "/box/1", "Action=Look" + toyVersion, nil, 200, `<LookResponse xmlns="http://toy/"><ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></LookResponse>`},

		{"a path of somebody else's", "POST", "/-/vaults", "Action=Look" + toyVersion, nil, 400, xmlError("Sender", "InvalidAction", "Could not find operation POST /-/vaults for version NO_VERSION_SPECIFIED")},
		{"PUT", "PUT", "/", "Action=Look" + toyVersion, nil, 400, xmlError("Sender", "InvalidAction", "Could not find operation PUT / for version NO_VERSION_SPECIFIED")},
		{"unsigned", "POST", "/", "Action=Look" + toyVersion, auth(""), 403, xmlError("Sender", "MissingAuthenticationToken", "Missing Authentication Token")},
		{"no action", "POST", "/", "", nil, 400, xmlError("Sender", "MissingParameter", "The request must contain the parameter Action.")},
		{"no version", "POST", "/", "Action=Look", nil, 400, xmlError("Sender", "InvalidAction", "Could not find operation Look for version NO_VERSION_SPECIFIED")},
		{"another version", "POST", "/", "Action=Look&Version=1", nil, 400, xmlError("Sender", "InvalidAction", "Could not find operation Look for version 1")},
		{"unknown action", "POST", "/", "Action=Lock" + toyVersion, nil, 400, xmlError("Sender", "InvalidAction", "Could not find operation Lock for version 2020-02-02")},
		{"not a form", "POST", "/", "%zz", nil, 400, xmlError("Sender", "MalformedQueryString", "The request is not made of names and values.")},
		{"too many parameters", "POST", "/", strings.Repeat("&", 4096), nil, 400, xmlError("Sender", "InvalidToy", "The request has more than 4096 parameters.")},
		{"too large", "POST", "/", strings.Repeat("x", 4097), nil, 400, xmlError("Sender", "InvalidToy", "The request body is larger than 4096 bytes.")},
		{"too large, of unknown length", "POST", "/", strings.Repeat("x", 4097), func(r *http.Request) { r.ContentLength = -1 }, 400, xmlError("Sender", "InvalidToy", "The request body is larger than 4096 bytes.")},
		{"forbidden", "POST", "/", "Action=Look&Name=forbidden" + toyVersion, nil, 403, xmlError("Sender", "AccessDenied", "User: arn:aws:iam::111122223333:root may not")},
		{"missing parameter", "POST", "/", "Action=Make&Name=n" + toyVersion, nil, 400, xmlError("Sender", "MissingParameter", "The request must contain the parameter Tags.")},
		{"broken", "POST", "/", "Action=Break" + toyVersion, nil, 409, xmlError("Sender", "Toy.Broken", "break: the toy is broken")},
		{"panic", "POST", "/", "Action=Panic" + toyVersion, nil, 500, internal},
		{"a result that is none", "POST", "/", "Action=Unspeakable" + toyVersion, nil, 500, internal},

		{"anonymous", "GET", "/?Action=Open" + toyVersion, "", auth(""), 200, `<OpenResponse xmlns="http://toy/"><OpenResult><Said>HOST/</Said><Things></Things><List></List></OpenResult>` +
			`<ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></OpenResponse>`},
		{"anonymous, by POST", "POST", "/?Action=Open" + toyVersion, "Action=Break" + toyVersion, auth(""), 200, `<OpenResponse xmlns="http://toy/"><OpenResult><Said>HOST/</Said><Things></Things><List></List></OpenResult>` +
			`<ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></OpenResponse>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp, text := h.send(tt.method, tt.path, tt.body, tt.change)
			if diff := cmp.Diff(tt.want, text); diff != "" || resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d; %s", resp.StatusCode, tt.status, diff)
			}
			if resp.Header.Get("Content-Type") != "text/xml" || resp.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%v", resp.Header)
			}
		})
	}
	if log := h.log.String(); !strings.Contains(log, "hidden") || strings.Contains(log, "toy is broken") {
		t.Errorf("the log says %s", log)
	}
}

func TestJSONProtocol(t *testing.T) {
	h := build(t, nil)
	for _, tt := range []struct {
		name                 string
		method, target, body string
		status               int
		want                 string
		query                string // the same error in the other protocol
	}{
		{"a result", "POST", "Toys.Make", `{"Name":"<n>","Tags":[],"Things":{"a":"1"},"Queues":["q"],"Else":3}`, 200,
			`{"Said":"\u003cn\u003e","Things":{"a":"1"},"List":["q"]}`, ""},
		{"no result", "POST", "Toys.Look", `{}`, 200, `{}`, ""},
		{"unknown action", "POST", "Toys.Lock", `{}`, 400, `{"__type":"UnknownOperationException","message":"The operation Lock is not known."}`, "InvalidAction;Sender"},
		{"of another API", "POST", "Games.Look", `{}`, 400, `{"__type":"UnknownOperationException","message":"The operation Games.Look is not known."}`, "InvalidAction;Sender"},
		{"GET", "GET", "Toys.Look", ``, 400, `{"__type":"UnknownOperationException","message":"The operation GET / is not known."}`, "InvalidAction;Sender"},
		{"not JSON", "POST", "Toys.Look", `Action=Look`, 400, `{"__type":"SerializationException","message":"The request is not a JSON document of the form that Look has."}`, "InvalidToy;Sender"},
		{"nothing", "POST", "Toys.Look", ``, 400, `{"__type":"SerializationException","message":"The request is not a JSON document of the form that Look has."}`, "InvalidToy;Sender"},
		{"another type", "POST", "Toys.Look", `{"Count":"3"}`, 400, `{"__type":"SerializationException","message":"The request is not a JSON document of the form that Look has."}`, "InvalidToy;Sender"},
		{"missing parameter", "POST", "Toys.Make", `{"Name":"n","Tags":null}`, 400, `{"__type":"MissingParameter","message":"The request must contain the parameter Tags."}`, "MissingParameter;Sender"},
		{"forbidden", "POST", "Toys.Look", `{"Name":"forbidden"}`, 403, `{"__type":"AccessDeniedException","message":"User: arn:aws:iam::111122223333:root may not"}`, "AccessDenied;Sender"},
		{"broken", "POST", "Toys.Break", `{}`, 409, `{"__type":"ToyBroken","message":"break: the toy is broken"}`, "Toy.Broken;Sender"},
		{"panic", "POST", "Toys.Panic", `{}`, 500, `{"__type":"ServiceFailure","message":"The request processing has failed because of an unknown error. Request id: ID"}`, "ServiceFailure;Receiver"},
		{"a result that is none", "POST", "Toys.Unspeakable", `{}`, 500,
			`{"__type":"ServiceFailure","message":"The request processing has failed because of an unknown error. Request id: ID"}`, "ServiceFailure;Receiver"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp, text := h.send(tt.method, "/", tt.body, inJSON(tt.target))
			if diff := cmp.Diff(tt.want, text); diff != "" || resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d; %s", resp.StatusCode, tt.status, diff)
			}
			if query := resp.Header.Get("x-amzn-query-error"); query != tt.query || resp.Header.Get("Content-Type") != "application/x-amz-json-1.0" {
				t.Errorf("%v", resp.Header)
			}
		})
	}
}

// TestSlowBody: a client that stops in the middle is told so, and not waited
// for.
func TestSlowBody(t *testing.T) {
	h := build(t, func(c *Config) { c.BodyTimeout = shortPause })
	host := strings.TrimPrefix(h.url, "http://")
	r, err := http.NewRequest("POST", h.url, nil)
	h.must(err)
	sigv4.Sign(r, h.key, region, toy, strings.Repeat("0", 64), time.Now())
	conn, err := net.Dial("tcp", host)
	h.must(err)
	defer conn.Close()
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: 40\r\nX-Amz-Date: %s\r\nAuthorization: %s\r\n\r\nAction=",
		host, r.Header.Get("X-Amz-Date"), r.Header.Get("Authorization"))
	resp, err := http.ReadResponse(bufio.NewReader(conn), r)
	h.must(err)
	text, err := io.ReadAll(resp.Body)
	h.must(err)
	if resp.StatusCode != http.StatusRequestTimeout || !strings.Contains(string(text), "<Code>RequestTimeout</Code>") || !resp.Close {
		t.Errorf("status %d, closes: %t, %s", resp.StatusCode, resp.Close, text)
	}
}

// TestSlowAction: an action may take longer than a body.
func TestSlowAction(t *testing.T) {
	h := build(t, func(c *Config) { c.BodyTimeout = shortPause })
	if resp, text := h.send("POST", "/", "Action=Wait"+toyVersion, nil); resp.StatusCode != 200 || !strings.Contains(text, "<Said>waited</Said>") {
		t.Errorf("status %d with %s", resp.StatusCode, text)
	}
	if resp, text := h.send("POST", "/", `{}`, inJSON("Toys.Wait")); resp.StatusCode != 200 || !strings.Contains(text, `"waited"`) {
		t.Errorf("status %d with %s", resp.StatusCode, text)
	}
}

func TestThrottle(t *testing.T) {
	for _, tt := range []struct {
		name, path, body string
		change           func(*http.Request)
	}{
		{"a key", "/", "Action=Look" + toyVersion, nil},
		{"nobody", "/?Action=Open" + toyVersion, "", func(r *http.Request) { r.Header.Del("Authorization") }},
	} {
		h := build(t, nil)
		limited, err := access.New(access.Config{Store: storeOf(t), Region: region, Rates: access.Rates{PerKey: 1e-3}})
		h.must(err)
		h.must(limited.EnsureKey(t.Context(), account, h.key.AccessKeyID, h.key.SecretAccessKey))
		s := httptest.NewServer(New(toyAPI(), Config{Access: limited, Region: region}))
		defer s.Close()
		h.url = s.URL
		var statuses []int
		for range 2 {
			resp, _ := h.send("POST", tt.path, tt.body, tt.change)
			statuses = append(statuses, resp.StatusCode)
		}
		if diff := cmp.Diff([]int{200, 400}, statuses); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestTrail(t *testing.T) {
	h := build(t, nil)
	resp, _ := h.send("POST", "/", "Action=Make&Name=n&Tags.member.1.Key=k&Secret=s3cret&MessageAttributes.entry.1.Name=s3cret&QueueName.1=q&Unknown=s3cret"+toyVersion, nil)
	e, durable := h.trail.last()
	want := audit.Event{
		Source: "toy.amazonaws.com", APIVersion: "2020-02-02", Name: "Make", Region: region, IP: "127.0.0.1",
		UserAgent: "Go-http-client/1.1", Account: "999999999999", RequestID: resp.Header.Get(glacier.HeaderRequestID),
		Identity: audit.Identity{
			Type: audit.Root, PrincipalID: string(account), ARN: "arn:aws:iam::111122223333:root", AccountID: string(account), AccessKeyID: h.key.AccessKeyID,
		},
		Request:  map[string]string{"name": "n", "tags.member.1.Key": "k", "secret": Hidden, "message": Hidden, "queues.1": "q"},
		Response: map[string]string{"name": "n"},
	}
	if diff := cmp.Diff(want, e); diff != "" || durable {
		t.Errorf("durable: %t, %s", durable, diff)
	}
	h.send("POST", "/", `{"Name":"n","Tags":[{"Key":"k"}],"Secret":"s3cret","Message":{"s3cret":{}},"Unknown":"s3cret"}`, inJSON("Toys.Make"))
	e, _ = h.trail.last()
	if diff := cmp.Diff(map[string]string{"name": "n", "tags": `[{"Key":"k"}]`, "secret": Hidden, "message": Hidden}, e.Request); diff != "" {
		t.Error(diff)
	}
	h.send("POST", "/", "Action=Look&Name=forbidden"+toyVersion, nil)
	if e, _ := h.trail.last(); !e.ReadOnly || e.ErrorCode != "AccessDenied" || e.Response != nil {
		t.Errorf("%+v", e)
	}
	h.send("POST", "/", "Action=Panic"+toyVersion, nil)
	if e, _ := h.trail.last(); e.ReadOnly || e.ErrorCode != "ServiceFailure" || e.ErrorMessage != "internal failure" {
		t.Errorf("%+v", e)
	}
	h.send("GET", "/?Action=Open"+toyVersion, "", func(r *http.Request) { r.Header.Del("Authorization") })
	if e, _ := h.trail.last(); e.Name != "Open" || e.Identity != (audit.Identity{Type: audit.Unknown}) || e.Account != "" {
		t.Errorf("%+v", e)
	}
}

func TestTrailRequired(t *testing.T) {
	h := build(t, func(c *Config) { c.TrailRequired = true })
	status := func(action string) int {
		resp, text := h.send("POST", "/", "Action="+action+"&Name=n&Tags="+toyVersion, nil)
		if strings.Contains(text, "log is broken") {
			t.Error(text)
		}
		return resp.StatusCode
	}
	for action, want := range map[string]bool{"Make": true, "Look": false} {
		status(action)
		if _, durable := h.trail.last(); durable != want {
			t.Errorf("the line about %s is durable: %t", action, durable)
		}
	}
	broken := errors.New("the log is broken")
	for _, tt := range []struct {
		name         string
		probe, write error
		change, look int
	}{
		{"no line can be written", broken, broken, 500, 200},
		{"the line is lost", nil, broken, 500, 200},
		{"mended", nil, nil, 200, 200},
	} {
		h.trail.broken(tt.probe, tt.write)
		if change, look := status("Make"), status("Look"); change != tt.change || look != tt.look {
			t.Errorf("%s: a change has status %d, what only looks %d", tt.name, change, look)
		}
	}
}

func TestCodes(t *testing.T) {
	for _, tt := range []struct {
		name   string
		err    error
		code   Code
		status int
		fault  string
	}{
		{"its own", errToy, "Toy.Broken", 409, "Sender"},
		{"access denied", glacier.Errorf(glacier.AccessDenied, "m"), "AccessDenied", 403, "Sender"},
		{"unknown key", glacier.Errorf(glacier.UnrecognizedClient, "m"), "InvalidClientTokenId", 403, "Sender"},
		{"wrong signature", glacier.Errorf(glacier.InvalidSignature, "m"), "SignatureDoesNotMatch", 403, "Sender"},
		{"incomplete signature", glacier.Errorf(glacier.IncompleteSignature, "m"), "IncompleteSignature", 400, "Sender"},
		{"no signature", glacier.Errorf(glacier.MissingAuthenticationToken, "m"), "MissingAuthenticationToken", 403, "Sender"},
		{"throttled", glacier.Errorf(glacier.Throttling, "m"), "Throttling", 400, "Sender"},
		{"unavailable", glacier.Errorf(glacier.ServiceUnavailable, "m"), "ServiceUnavailable", 503, "Receiver"},
		{"another of Glacier's", glacier.Errorf(glacier.BadRequest, "m"), "InvalidToy", 400, "Sender"},
		{"disk full", store.ErrFull, "ServiceUnavailable", 503, "Receiver"},
		{"timeout", errTooLate, "RequestTimeout", 408, "Sender"},
		{"too large", errTooLarge, "InvalidToy", 400, "Sender"},
		{"unreadable", errUnreadable, "InvalidToy", 400, "Sender"},
		{"anything else", errors.New("disk on fire"), "ServiceFailure", 500, "Receiver"},
	} {
		c := New(toyAPI(), Config{}).newCall(t.Context())
		e := c.Word(fmt.Errorf("call: %w", tt.err))
		if e.Code != tt.code || e.Status != tt.status || e.fault() != tt.fault || e.Message == "" || strings.Contains(e.Message, "fire") {
			t.Errorf("%s: %+v", tt.name, e)
		}
		read := ReadError(e.Status, c.encodeError(e))
		if read == nil || read.Code != e.Code || read.Message != e.Message || read.Status != e.Status || read.RequestID != c.RequestID {
			t.Errorf("%s: read again as %+v", tt.name, read)
		}
	}
}

func TestReadErrorOfAnother(t *testing.T) {
	for _, document := range []string{"", "<html>", `{"code":"AccessDeniedException"}`, "<ErrorResponse/>", "<Response><Error><Code>x</Code></Error></Response>"} {
		if e := ReadError(502, []byte(document)); e != nil {
			t.Errorf("%s is read as %+v", document, e)
		}
	}
}

func TestDo(t *testing.T) {
	h := New(toyAPI(), Config{Trail: &trail{probe: errors.New("not asked")}})
	document, err := h.Do(t.Context(), access.RootOf(account), url.Values{"Action": {"Make"}, "Version": {"2020-02-02"}, "Name": {"n"}, "Tags": {""}})
	if err != nil {
		t.Fatal(err)
	}
	var r toyResult
	if err := Decode(document, "Make", &struct{ Said *string }{&r.Said}); err != nil || r.Said != "n" {
		t.Errorf("%v, %s", err, document)
	}
	if err := Decode(document, "Look", &r); err == nil || err.Error() != "the reply has no LookResult" {
		t.Errorf("error %v", err)
	}
	if err := Decode([]byte("<a"), "Look", &r); err == nil {
		t.Error("half a document was read")
	}
	_, err = h.Do(t.Context(), access.RootOf(account), url.Values{})
	var e *Error
	if !errors.As(err, &e) || e.Code != MissingParameter {
		t.Errorf("error %v", err)
	}
}

func TestSigned(t *testing.T) {
	for _, tt := range []struct {
		header string
		want   bool
	}{
		{"AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-north-1/toy/aws4_request, SignedHeaders=host, Signature=0", true},
		{"AWS4-HMAC-SHA256 SignedHeaders=host,Signature=0,Credential=AKIA/20260101/eu-north-1/toy/aws4_request", true},
		{"AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-north-1/glacier/aws4_request, SignedHeaders=host, Signature=/toy/aws4_request", false},
		{"AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-north-1/mytoy/aws4_request", false},
		{"toy/aws4_request", false},
		{"", false},
	} {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Authorization", tt.header)
		if got := Signed(r, toy); got != tt.want {
			t.Errorf("%q: %t", tt.header, got)
		}
	}
}

func TestTokens(t *testing.T) {
	for _, place := range []string{"a", "topic-1", "\x00\xff\xfe?>", "18446744073709551615"} {
		token := NewToken(place)
		if got, ok := ReadToken(token); !ok || got != place || url.QueryEscape(token) != token {
			t.Errorf("%q: token %q, read as %q", place, token, got)
		}
	}
	for _, token := range []string{"*", "a b", "YQ==", strings.Repeat("A", 1028)} {
		if place, ok := ReadToken(token); ok {
			t.Errorf("%q was read as %q", token, place)
		}
	}
}
