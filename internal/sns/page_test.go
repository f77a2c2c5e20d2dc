package sns_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestPages: a hundred are on a page.
func TestPages(t *testing.T) {
	h := build(t, nil)
	ctx := t.Context()
	names, subs := map[string]bool{}, map[string]bool{}
	for i := range 201 {
		name := fmt.Sprintf("t%d", i)
		_, err := h.topics.CreateTopic(ctx, owner, name, nil, nil)
		h.must(err)
		names["<TopicArn>arn:aws:sns:eu-north-1:111122223333:"+name+"<"] = true
	}
	for i := range 150 {
		arn, _, err := h.topics.Subscribe(ctx, owner, "arn:aws:sns:eu-north-1:111122223333:t0", "box", fmt.Sprintf("b%d", i), nil)
		h.must(err)
		subs["<SubscriptionArn>"+string(arn)+"<"] = true
	}
	for _, tt := range []struct {
		query []string
		want  map[string]bool
		pages int
	}{
		{[]string{"ListTopics"}, names, 3},
		{[]string{"ListSubscriptions"}, subs, 2},
		{[]string{"ListSubscriptionsByTopic", "TopicArn", "arn:aws:sns:eu-north-1:111122223333:t0"}, subs, 2},
	} {
		left, pages := len(tt.want), 0
		for token := ""; ; pages++ {
			text := h.ask(h.root, tt.query[0], append([]string{"NextToken", token}, tt.query[1:]...)...)
			if n := strings.Count(text, "<member>"); n > 100 {
				t.Errorf("%v: %d on a page", tt.query, n)
			}
			for arn := range tt.want {
				left -= strings.Count(text, arn)
			}
			if !strings.Contains(text, "<NextToken>") {
				pages++
				break
			}
			token = h.find(text, "<NextToken>(.*)</NextToken>")
		}
		if left != 0 || pages != tt.pages {
			t.Errorf("%v: %d left of %d after %d pages", tt.query, left, len(tt.want), pages)
		}
	}
}
