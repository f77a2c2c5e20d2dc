package system

import (
	"net/http"
	"strconv"
	"strings"

	"firn/glacier"
	"firn/internal/console/frame"
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
func showCapacity(c *frame.Call) error { return capacityPage(c, http.StatusOK, nil) }

// capacityPage shows the page, with what was typed if it was refused.
func capacityPage(c *frame.Call, status int, typed *capacityView) error {
	v := capacityView{
		MayList: c.May("glacier:ListProvisionedCapacity"), MayBuy: c.May("glacier:PurchaseProvisionedCapacity"),
		MayGet: c.May("glacier:GetDataRetrievalPolicy"), MaySet: c.May("glacier:SetDataRetrievalPolicy"),
		Most: glacier.MaxCapacity, Strategies: strategies(), ReadableSet: units(), Unit: "GiB",
	}
	if !v.MayList && !v.MayGet {
		// The API says what is missing.
		return c.Get("/-/provisioned-capacity", &glacier.CapacityList{})
	}
	if v.MayList {
		var list glacier.CapacityList
		if err := c.Get("/-/provisioned-capacity", &list); err != nil {
			return err
		}
		v.Units = list.ProvisionedCapacityList
	}
	if v.MayGet {
		if err := retrievalPolicy(c, &v); err != nil {
			return err
		}
	}
	if typed != nil {
		v.Strategy, v.Rate, v.Unit, v.Complaint = typed.Strategy, typed.Rate, typed.Unit, typed.Complaint
	}
	return c.Render(status, "capacity", frame.Page{Title: "Capacity", Tab: "capacity", Data: v, Commands: capacityCommands()})
}

func capacityCommands() []frame.Command {
	return []frame.Command{
		frame.GlacierCommand("List capacity units", "list-provisioned-capacity"),
		frame.GlacierCommand("Buy one", "purchase-provisioned-capacity"),
		frame.GlacierCommand("Show the retrieval policy", "get-data-retrieval-policy"),
		frame.GlacierCommand("Set it", "set-data-retrieval-policy", "policy", `{"Rules":[{"Strategy":"BytesPerHour","BytesPerHour":10737418240}]}`),
	}
}

// retrievalPolicy finds the policy, and what it means.
func retrievalPolicy(c *frame.Call, v *capacityView) error {
	var got glacier.DataRetrieval
	if err := c.Get("/-/policies/data-retrieval", &got); err != nil {
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
			v.Says = "Now at most " + frame.ByteCount(*rule.BytesPerHour) + " may be begun in an hour."
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
func changeCapacity(c *frame.Call) error {
	return c.Choose(map[string]func(*frame.Call) error{"buy": buyCapacity, "policy": setRetrievalPolicy})
}

// buyCapacity buys a unit, if that was confirmed.
func buyCapacity(c *frame.Call) error {
	if c.Form.Get("sure") == "" {
		return c.Instead(frame.Root+"capacity", frame.Refuse(http.StatusBadRequest, "No unit was bought: confirm it first."))
	}
	reply, err := c.Change(http.MethodPost, "/-/provisioned-capacity", nil)
	if err != nil {
		return c.Instead(frame.Root+"capacity", err)
	}
	return c.Done(frame.Root+"capacity", "The unit %s is yours for a month.", reply.Get(glacier.HeaderCapacityID))
}

// setRetrievalPolicy sets the policy. What was typed stays if it is refused.
func setRetrievalPolicy(c *frame.Call) error {
	typed := capacityView{Strategy: c.Form.Get("strategy"), Rate: strings.TrimSpace(c.Form.Get("rate")), Unit: c.Form.Get("unit")}
	rule := glacier.RetrievalRule{Strategy: &typed.Strategy}
	if typed.Strategy == glacier.BytesPerHour {
		n, err := strconv.ParseInt(typed.Rate, 10, 64)
		size := unitSize(typed.Unit)
		if err != nil || n < 1 || n > (1<<63-1)/size {
			typed.Complaint = "The rate has to be a whole number of " + typed.Unit + ", and at least 1."
			return capacityPage(c, http.StatusBadRequest, &typed)
		}
		n *= size
		rule.BytesPerHour = &n
	}
	in := glacier.DataRetrieval{Policy: &glacier.RetrievalRules{Rules: []glacier.RetrievalRule{rule}}}
	_, err := c.Change(http.MethodPut, "/-/policies/data-retrieval", in)
	if e := frame.AsRefusal(err); e != nil {
		typed.Complaint = e.Text
		return capacityPage(c, e.Status, &typed)
	}
	if err != nil {
		return err
	}
	return c.Done(frame.Root+"capacity", "The retrieval policy is set.")
}
