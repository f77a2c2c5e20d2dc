package console

import (
	"net/http"
	"strconv"
	"strings"

	"firn/glacier"
)

// A capacityView is what the page of capacity and of the retrieval policy shows.
type capacityView struct {
	Units       []glacier.Capacity
	Most        int
	MayList     bool
	MayBuy      bool
	MayGet      bool
	MaySet      bool
	Strategy    string
	Rate        string // what was typed, or what is set, in Unit
	Unit        string
	Says        string // what the policy means
	Complaint   string
	Strategies  []strategy
	ReadableSet []string
}

// A strategy is one of a retrieval policy, and what it means.
type strategy struct{ Name, Title, Says string }

func strategies() []strategy {
	return []strategy{
		{glacier.NoLimit, "No limit", "Whatever is asked for is retrieved."},
		{glacier.FreeTier, "Free tier only", "Retrievals of archives are refused beyond what the month’s free allowance lets through."},
		{glacier.BytesPerHour, "At most so much an hour", "Retrievals of archives are refused that would begin more than this in an hour."},
	}
}

// units are those in which a rate may be typed.
func units() []string { return []string{"GiB", "MiB", "TiB", "bytes"} }

func unitSize(unit string) int64 {
	switch unit {
	case "TiB":
		return 1 << 40
	case "GiB":
		return 1 << 30
	case "MiB":
		return 1 << 20
	}
	return 1
}

// showCapacity shows provisioned capacity and the data retrieval policy.
func showCapacity(c *call) error { return c.capacityPage(http.StatusOK, nil) }

// capacityPage shows the page, with what was typed if it was refused.
func (c *call) capacityPage(status int, typed *capacityView) error {
	v := capacityView{
		MayList: c.may("glacier:ListProvisionedCapacity"), MayBuy: c.may("glacier:PurchaseProvisionedCapacity"),
		MayGet: c.may("glacier:GetDataRetrievalPolicy"), MaySet: c.may("glacier:SetDataRetrievalPolicy"),
		Most: glacier.MaxCapacity, Strategies: strategies(), ReadableSet: units(), Unit: "GiB",
	}
	if !v.MayList && !v.MayGet {
		// The API says what is missing.
		return c.get("/-/provisioned-capacity", &glacier.CapacityList{})
	}
	if v.MayList {
		var list glacier.CapacityList
		if err := c.get("/-/provisioned-capacity", &list); err != nil {
			return err
		}
		v.Units = list.ProvisionedCapacityList
	}
	if v.MayGet {
		if err := c.retrievalPolicy(&v); err != nil {
			return err
		}
	}
	if typed != nil {
		v.Strategy, v.Rate, v.Unit, v.Complaint = typed.Strategy, typed.Rate, typed.Unit, typed.Complaint
	}
	return c.render(status, "capacity", page{Title: "Capacity", Tab: "capacity", Data: v, Commands: capacityCommands()})
}

func capacityCommands() []command {
	return []command{
		glacierCommand("List capacity units", "list-provisioned-capacity"),
		glacierCommand("Buy one", "purchase-provisioned-capacity"),
		glacierCommand("Show the retrieval policy", "get-data-retrieval-policy"),
		glacierCommand("Set it", "set-data-retrieval-policy", "policy", `{"Rules":[{"Strategy":"BytesPerHour","BytesPerHour":10737418240}]}`),
	}
}

// retrievalPolicy finds the policy, and what it means.
func (c *call) retrievalPolicy(v *capacityView) error {
	var got glacier.DataRetrieval
	if err := c.get("/-/policies/data-retrieval", &got); err != nil {
		return err
	}
	v.Strategy = glacier.NoLimit
	if got.Policy != nil && len(got.Policy.Rules) > 0 {
		rule := got.Policy.Rules[0]
		if rule.Strategy != nil {
			v.Strategy = *rule.Strategy
		}
		if rule.BytesPerHour != nil {
			v.Rate, v.Unit = rateIn(*rule.BytesPerHour)
			v.Says = "Now at most " + byteCount(*rule.BytesPerHour) + " may be begun in an hour."
			return nil
		}
	}
	for _, s := range strategies() {
		if s.Name == v.Strategy {
			v.Says = "Now: " + s.Says
		}
	}
	return nil
}

// rateIn says a rate in the largest unit that it has whole ones of.
func rateIn(n int64) (rate, unit string) {
	for _, unit := range []string{"TiB", "GiB", "MiB"} {
		if size := unitSize(unit); n >= size && n%size == 0 {
			return strconv.FormatInt(n/size, 10), unit
		}
	}
	return strconv.FormatInt(n, 10), "bytes"
}

// changeCapacity does what the forms of the page are for.
func changeCapacity(c *call) error {
	return c.choose(map[string]func(*call) error{"buy": buyCapacity, "policy": setRetrievalPolicy})
}

// buyCapacity buys a unit, if that was confirmed.
func buyCapacity(c *call) error {
	if c.form.Get("sure") == "" {
		return c.instead(Root+"capacity", refuse(http.StatusBadRequest, "No unit was bought: confirm it first."))
	}
	reply, err := c.change(http.MethodPost, "/-/provisioned-capacity", nil)
	if err != nil {
		return c.instead(Root+"capacity", err)
	}
	return c.done(Root+"capacity", "The unit %s is yours for a month.", reply.Get(glacier.HeaderCapacityID))
}

// setRetrievalPolicy sets the policy. What was typed stays if it is refused.
func setRetrievalPolicy(c *call) error {
	typed := capacityView{Strategy: c.form.Get("strategy"), Rate: strings.TrimSpace(c.form.Get("rate")), Unit: c.form.Get("unit")}
	rule := glacier.RetrievalRule{Strategy: &typed.Strategy}
	if typed.Strategy == glacier.BytesPerHour {
		n, err := strconv.ParseInt(typed.Rate, 10, 64)
		size := unitSize(typed.Unit)
		if err != nil || n < 1 || n > (1<<63-1)/size {
			typed.Complaint = "The rate has to be a whole number of " + typed.Unit + ", and at least 1."
			return c.capacityPage(http.StatusBadRequest, &typed)
		}
		n *= size
		rule.BytesPerHour = &n
	}
	in := glacier.DataRetrieval{Policy: &glacier.RetrievalRules{Rules: []glacier.RetrievalRule{rule}}}
	_, err := c.change(http.MethodPut, "/-/policies/data-retrieval", in)
	if e := asRefusal(err); e != nil {
		typed.Complaint = e.text
		return c.capacityPage(e.status, &typed)
	}
	if err != nil {
		return err
	}
	return c.done(Root+"capacity", "The retrieval policy is set.")
}
