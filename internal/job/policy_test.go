package job

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"firn/glacier"
)

const stranger = glacier.AccountID("444455556666")

func (h *house) setPolicy(account glacier.AccountID, rule string) {
	h.t.Helper()
	if err := h.SetDataRetrievalPolicy(h.t.Context(), account, dataRetrieval(h.t, `{"Policy":{"Rules":[`+rule+`]}}`)); err != nil {
		h.t.Fatal(err)
	}
}

// policy returns the one rule of an account's policy, as clients see it.
func (h *house) policy(account glacier.AccountID) string {
	h.t.Helper()
	p, err := h.GetDataRetrievalPolicy(h.t.Context(), account)
	if err != nil {
		h.t.Fatal(err)
	}
	return document(h.t, p.Policy.Rules[0])
}

func dataRetrieval(t *testing.T, text string) *glacier.DataRetrieval {
	t.Helper()
	var p *glacier.DataRetrieval
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return p
}

func document(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func perHour(n int64) string { return fmt.Sprintf(`{"BytesPerHour":%d,"Strategy":"BytesPerHour"}`, n) }

const (
	freeTier = `{"BytesPerHour":null,"Strategy":"FreeTier"}`
	noLimit  = `{"BytesPerHour":null,"Strategy":"None"}`
)

func TestRetrievalPolicy(t *testing.T) {
	h := newHouse(t)
	p, err := h.GetDataRetrievalPolicy(t.Context(), owner)
	if got, want := document(t, p), `{"Policy":{"Rules":[`+noLimit+`]}}`; err != nil || got != want {
		t.Errorf("at first %s, %v, want %s", got, err, want)
	}
	for _, tt := range []struct{ name, set, want string }{
		{"least number", perHour(1), perHour(1)},
		{"largest number", perHour(math.MaxInt64), perHour(math.MaxInt64)},
		{"another strategy forgets the number", freeTier, freeTier},
		{"no limit, and the number absent", `{"Strategy":"None"}`, noLimit},
		{"free tier, and the number absent", `{"Strategy":"FreeTier"}`, freeTier},
		{"members that nobody knows", `{"Strategy":"None","Whatever":1}`, noLimit},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h.setPolicy(owner, tt.set)
			h.same("policy", tt.want, h.policy(owner))
			before := len(h.memStore.log(0))
			h.setPolicy(owner, tt.set)
			if len(h.memStore.log(0)) != before {
				t.Error("the same again left a record")
			}
		})
	}
	h.setPolicy(owner, perHour(7))
	h.same("policy of another account", noLimit, h.policy(stranger))
}

func TestRetrievalPolicyRefusals(t *testing.T) {
	h := newHouse(t)
	h.setPolicy(owner, perHour(5))
	const (
		missing = glacier.MissingParameterValue
		invalid = glacier.InvalidParameterValue
	)
	rule := func(s string) string { return `{"Policy":{"Rules":[` + s + `]}}` }
	for _, tt := range []struct {
		name, request string
		code          glacier.Code
		message       string
	}{
		{"no body", `null`, missing, "Required parameter missing: Policy"},
		{"no members", `{}`, missing, "Required parameter missing: Policy"},
		{"null policy", `{"Policy":null}`, missing, "Required parameter missing: Policy"},
		{"no rules", `{"Policy":{}}`, missing, "Required parameter missing: Rules"},
		{"null rules", `{"Policy":{"Rules":null}}`, missing, "Required parameter missing: Rules"},
		{"empty rules", rule(``), invalid, "Invalid number of rules: 0. A data retrieval policy must have exactly one."},
		{"two rules", rule(freeTier + `,` + freeTier), invalid, "Invalid number of rules: 2. A data retrieval policy must have exactly one."},
		{"null rule", rule(`null`), missing, "Required parameter missing: Strategy"},
		{"no strategy", rule(`{"BytesPerHour":1}`), missing, "Required parameter missing: Strategy"},
		{"null strategy", rule(`{"Strategy":null}`), missing, "Required parameter missing: Strategy"},
		{"empty strategy", rule(`{"Strategy":""}`), missing, "Required parameter missing: Strategy"},
		{"unknown strategy", rule(`{"Strategy":"Some"}`), invalid, "Invalid strategy: Some. It must be BytesPerHour, FreeTier or None."},
		{"strategy in the wrong case", rule(`{"Strategy":"none"}`), invalid, "Invalid strategy: none. It must be BytesPerHour, FreeTier or None."},
		{"unknown strategy with a number", rule(`{"Strategy":"Some","BytesPerHour":0}`), invalid, "Invalid strategy: Some. It must be BytesPerHour, FreeTier or None."},
		{"no number", rule(`{"Strategy":"BytesPerHour"}`), missing, "Required parameter missing: BytesPerHour"},
		{"null number", rule(`{"Strategy":"BytesPerHour","BytesPerHour":null}`), missing, "Required parameter missing: BytesPerHour"},
		{"zero", rule(perHour(0)), invalid, "Invalid BytesPerHour: 0. It must be at least 1."},
		{"negative number", rule(perHour(-1)), invalid, "Invalid BytesPerHour: -1. It must be at least 1."},
		{"number with free tier", rule(`{"Strategy":"FreeTier","BytesPerHour":1}`), invalid, "BytesPerHour must not be given for strategy FreeTier."},
		{"number without a limit", rule(`{"Strategy":"None","BytesPerHour":0}`), invalid, "BytesPerHour must not be given for strategy None."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			refused(t, h.SetDataRetrievalPolicy(t.Context(), owner, dataRetrieval(t, tt.request)), tt.code, tt.message)
			h.same("policy", perHour(5), h.policy(owner))
		})
	}
}
