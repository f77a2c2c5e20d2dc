package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"firn/internal/awsapi"
	"firn/internal/sigv4"
)

// topic makes a topic, and returns its ARN.
func (v *visitor) topic(name string) string {
	v.t.Helper()
	api, err := awsapi.NewClient(v.srv.URL, sigv4.Credentials{AccessKeyID: v.srv.AccessKey, SecretAccessKey: v.srv.SecretKey}, v.srv.Region, "sns")
	if err != nil {
		v.t.Fatal(err)
	}
	if _, err := api.Do(v.t.Context(), url.Values{"Action": {"CreateTopic"}, "Version": {"2010-03-31"}, "Name": {name}}); err != nil {
		v.t.Fatal(err)
	}
	return "arn:aws:sns:" + v.srv.Region + ":" + v.srv.Account + ":" + name
}

func TestNotifications(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	const path, conf = "/console/notifications?vault=photos", "/-/vaults/photos/notification-configuration"
	a := v.page(path)
	v.says(a, "nobody is told", "The topic's ARN")
	v.lacks(a, "<select", "Remove notifications")

	first, second := v.topic("first"), v.topic("second")
	v.says(v.page(path), "None of these", first, second, "Or another topic's ARN")
	a = v.submit(path, "do", "set", "topic", second, "other", "", "event", "InventoryRetrievalCompleted")
	v.says(a, second+" is told from now on.", "Change whom it tells")
	if !strings.Contains(a.body, `<option value="`+second+`" selected>`) ||
		!strings.Contains(a.body, `value="InventoryRetrievalCompleted" checked`) || strings.Contains(a.body, `value="ArchiveRetrievalCompleted" checked`) {
		t.Errorf("the form does not show what is set:\n%s", a.body)
	}
	if got := v.must(http.MethodGet, conf, ""); got != `{"Events":["InventoryRetrievalCompleted"],"SNSTopic":"`+second+`"}` {
		t.Errorf("set: %s", got)
	}
	const foreign = "arn:aws:sns:us-east-1:999988887777:theirs"
	a = v.submit(path, "do", "set", "topic", first, "other", foreign, "event", "ArchiveRetrievalCompleted")
	v.says(a, foreign+" is told from now on.")
	if !strings.Contains(a.body, `name="other" value="`+foreign+`"`) {
		t.Errorf("the form does not show the other topic:\n%s", a.body)
	}
	v.says(v.submit(path, "do", "delete"), "tick the box", foreign)
	v.says(v.submit(path, "do", "delete", "sure", "yes"), "Nobody is told of this vault's jobs any more.")
	if status, _ := v.api(http.MethodGet, conf, ""); status != http.StatusNotFound {
		t.Errorf("still set: %d", status)
	}
}

func TestNotificationsThatAreRefused(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	const path = "/console/notifications?vault=photos"
	for _, row := range []struct{ name, topic, event, want string }{
		{"no topic", "", "InventoryRetrievalCompleted", "Required parameter missing: SNSTopic"},
		{"no event", "arn:aws:sns:us-east-1:111122223333:t", "", "there must be at least one"},
		{"an unknown event", "arn:aws:sns:us-east-1:111122223333:t", "Never", "Invalid notification event: Never"},
		{"no ARN", "<i>", "InventoryRetrievalCompleted", "Invalid SNS topic ARN: <i>"},
		{"another region", "arn:aws:sns:eu-west-1:111122223333:t", "InventoryRetrievalCompleted", "SNS topics must be in the local AWS region"},
	} {
		t.Run(row.name, func(t *testing.T) {
			fields := []string{"do", "set", "other", row.topic}
			if row.event != "" {
				fields = append(fields, "event", row.event)
			}
			a := v.submit(path, fields...)
			v.says(a, row.want)
			v.lacks(a, "<i>")
			if a.status != http.StatusBadRequest {
				t.Errorf("status %d", a.status)
			}
		})
	}
	for _, path := range []string{"/console/notifications?vault=none", "/console/notifications"} {
		if a := v.get(path); a.status != http.StatusNotFound {
			t.Errorf("%s: status %d", path, a.status)
		}
	}
}

func TestNotificationsOfWhoMayOnlyLook(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	topic := v.topic("first")
	const path, conf = "/console/notifications?vault=photos", "/-/vaults/photos/notification-configuration"
	v.must(http.MethodPut, conf, `{"SNSTopic":"`+topic+`","Events":["InventoryRetrievalCompleted"]}`)
	u := v.colleague("alice", "glacier:GetVaultNotifications")
	a := u.page(path)
	u.says(a, topic)
	u.lacks(a, "<select", "Save", "Remove notifications", "set-vault-notifications", "delete-vault-notifications")
	u.says(u.submit(path, "do", "set", "other", topic, "event", "ArchiveRetrievalCompleted"), "is not authorized to perform: glacier:SetVaultNotifications")
	u.says(u.submit(path, "do", "delete", "sure", "yes"), "is not authorized to perform: glacier:DeleteVaultNotifications")
	// Who may set it, but not see topics, types one in.
	w := v.colleague("bob", "glacier:GetVaultNotifications", "glacier:SetVaultNotifications")
	a = w.page(path)
	w.lacks(a, "<select")
	if !strings.Contains(a.body, `name="other" value="`+topic+`"`) {
		t.Errorf("the topic is not there to be changed:\n%s", a.body)
	}
	if got := v.must(http.MethodGet, conf, ""); !strings.Contains(got, "InventoryRetrievalCompleted") {
		t.Errorf("changed: %s", got)
	}
}

// As many topics as a page can list are offered; all can be typed.
func TestNotificationsWithManyTopics(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	for i := range 201 {
		v.topic(fmt.Sprintf("t%03d", i))
	}
	a := v.page("/console/notifications?vault=photos")
	v.says(a, ":t199")
	v.lacks(a, ":t200")
	if n := strings.Count(a.body, "<option"); n != 201 {
		t.Errorf("%d choices", n)
	}
	a = v.submit("/console/notifications?vault=photos", "do", "set", "other", "arn:aws:sns:us-east-1:111122223333:t200", "event", "InventoryRetrievalCompleted")
	v.says(a, ":t200 is told from now on.")
}
