package forward

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"firn/internal/sigv4"
	"firn/internal/topic"
)

// maxAnswer is the most that is read of an answer of SNS.
const maxAnswer = 64 * 1024

func parseSNS(endpoint string) (*target, error) {
	g := grammar{schemes: map[string]string{"sns+http": "80", "sns+https": "443"}, hosts: 1, query: []string{}}
	t, err := g.parse(endpoint)
	if err != nil {
		return nil, err
	}
	if t.user == "" || t.password == "" {
		return nil, errors.New("the endpoint must have an access key and its secret before the host")
	}
	if arn := strings.Split(t.path, ":"); len(arn) != 6 || arn[0] != "arn" || arn[2] != "sns" || arn[3] == "" || arn[5] == "" {
		return nil, errors.New("the path of the endpoint must be the ARN of a topic")
	}
	return t, nil
}

// sendSNS calls Publish.
func (f *Forwarder) sendSNS(ctx context.Context, t *target, m *topic.Outgoing) error {
	content := publishForm(t.path, m).Encode()
	to := strings.TrimPrefix(t.scheme, "sns+") + "://" + t.url.Host + "/"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(content))
	if err != nil {
		return permanent(errors.New("the endpoint is not a valid URL"))
	}
	r.Header.Set("User-Agent", userAgent)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	hash := sha256.Sum256([]byte(content))
	key := sigv4.Credentials{AccessKeyID: t.user, SecretAccessKey: t.password}
	sigv4.Sign(r, key, strings.Split(t.path, ":")[3], "sns", hex.EncodeToString(hash[:]), f.cfg.Now())
	answer, err := f.http.Do(r)
	if err != nil {
		return withoutURL(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return withoutURL(err)
	}
	return judgeSNS(answer.StatusCode, text)
}

// publishForm are the parameters of Publish.
func publishForm(arn string, m *topic.Outgoing) url.Values {
	form := url.Values{"Action": {"Publish"}, "Version": {"2010-03-31"}, "TopicArn": {arn}, "Message": {m.Message}}
	if m.Subject != "" {
		form.Set("Subject", m.Subject)
	}
	if strings.HasSuffix(arn, ".fifo") {
		form.Set("MessageGroupId", string(m.Topic))
		form.Set("MessageDeduplicationId", m.MessageID)
	}
	for i, name := range slices.Sorted(maps.Keys(m.Attributes)) {
		a := m.Attributes[name]
		entry := fmt.Sprintf("MessageAttributes.entry.%d.", i+1)
		form.Set(entry+"Name", name)
		form.Set(entry+"Value.DataType", a.Type)
		if kind, _, _ := strings.Cut(a.Type, "."); kind == "Binary" {
			form.Set(entry+"Value.BinaryValue", a.Value)
		} else {
			form.Set(entry+"Value.StringValue", a.Value)
		}
	}
	return form
}

// judgeSNS reads the answer to Publish.
func judgeSNS(status int, text []byte) error {
	var answer struct {
		MessageID string `xml:"PublishResult>MessageId"`
		Code      string `xml:"Error>Code"`
		Message   string `xml:"Error>Message"`
	}
	err := xml.Unmarshal(text, &answer)
	switch {
	case status == http.StatusOK && err == nil && answer.MessageID != "":
		return nil
	case status == http.StatusOK:
		return errors.New("the answer of the endpoint is not one of SNS")
	case err != nil || answer.Code == "":
		return fmt.Errorf("the endpoint answered with status %d", status)
	}
	err = fmt.Errorf("the endpoint answered with status %d, %s: %s", status, answer.Code, answer.Message)
	switch answer.Code {
	case "InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid", "ValidationError":
		return permanent(err)
	}
	return err
}
