package console_test

import (
	"html"
	"net/url"
	"strings"
	"testing"

	"firn/internal/awsapi"
	"firn/internal/sigv4"
)

// asked sends an action to one of the APIs with root's key, and returns the
// reply's document. It fails the test if that is refused.
func (v *visitor) asked(service, version, action string, params ...string) string {
	v.t.Helper()
	document, err := v.asks(service, version, action, params...)
	if err != nil {
		v.t.Fatalf("%s: %v", action, err)
	}
	return document
}

func (v *visitor) asks(service, version, action string, params ...string) (string, error) {
	v.t.Helper()
	api, err := awsapi.NewClient(v.srv.URL, sigv4.Credentials{AccessKeyID: v.srv.AccessKey, SecretAccessKey: v.srv.SecretKey}, "us-east-1", service)
	if err != nil {
		v.t.Fatal(err)
	}
	form := url.Values{"Action": {action}, "Version": {version}}
	for i := 0; i+1 < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	document, err := api.Do(v.t.Context(), form)
	return string(document), err
}

func (v *visitor) askIAM(action string, params ...string) string {
	v.t.Helper()
	return v.asked("iam", "2010-05-08", action, params...)
}

func (v *visitor) askSNS(action string, params ...string) string {
	v.t.Helper()
	return v.asked("sns", "2010-03-31", action, params...)
}

func (v *visitor) askSQS(action string, params ...string) string {
	v.t.Helper()
	return v.asked("sqs", "2012-11-05", action, params...)
}

// between is the text between two others in a document, as people see it; ""
// if there is none.
func between(document, before, after string) string {
	_, rest, ok := strings.Cut(document, before)
	if !ok {
		return ""
	}
	found, _, _ := strings.Cut(rest, after)
	return html.UnescapeString(found)
}

// newcomer makes a user who may do some actions, and has him signed in. Without
// actions he may do nothing.
func newcomer(t *testing.T, v *visitor, name string, actions ...string) *visitor {
	t.Helper()
	v.askIAM("CreateUser", "UserName", name)
	for i, action := range actions {
		v.askIAM("PutUserPolicy", "UserName", name, "PolicyName", "p"+string(rune('a'+i)),
			"PolicyDocument", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"`+action+`","Resource":"*"}}`)
	}
	key := v.askIAM("CreateAccessKey", "UserName", name)
	other := another(t, v.srv)
	other.signIn(between(key, "<AccessKeyId>", "<"), between(key, "<SecretAccessKey>", "<"))
	return other
}
