package job

import (
	"testing"
	"testing/synctest"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/store"
)

const soldOut = "The limit of 2 provisioned capacity units per account has been reached."

func (h *house) buy() string {
	h.t.Helper()
	id, err := h.PurchaseProvisionedCapacity(h.t.Context(), owner)
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

func (h *house) capacity() glacier.CapacityList {
	h.t.Helper()
	list, err := h.ListProvisionedCapacity(h.t.Context(), owner)
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// sold expects that an account has exactly these units.
func (h *house) sold(want ...string) {
	h.t.Helper()
	got := []string{}
	for _, c := range h.capacity().ProvisionedCapacityList {
		got = append(got, c.CapacityID)
	}
	h.same("units", append([]string{}, want...), got)
}

func TestNextMonth(t *testing.T) {
	for _, tt := range []struct{ name, from, want string }{
		{"middle of the month", "2023-03-15 12:34:56", "2023-04-15 12:34:56"},
		{"milliseconds are cut", "2020-02-18 19:59:24.912", "2020-03-18 19:59:24"},
		{"last millisecond of a day", "2023-05-05 23:59:59.999", "2023-06-05 23:59:59"},
		{"midnight", "2023-05-05 00:00:00", "2023-06-05 00:00:00"},
		{"31 January", "2023-01-31 10:00:00", "2023-02-28 10:00:00"},
		{"30 January", "2023-01-30 10:00:00", "2023-02-28 10:00:00"},
		{"29 January", "2023-01-29 10:00:00", "2023-02-28 10:00:00"},
		{"28 January", "2023-01-28 10:00:00", "2023-02-28 10:00:00"},
		{"31 January of a leap year", "2024-01-31 10:00:00", "2024-02-29 10:00:00"},
		{"30 January of a leap year", "2024-01-30 10:00:00", "2024-02-29 10:00:00"},
		{"29 January of a leap year", "2024-01-29 10:00:00", "2024-02-29 10:00:00"},
		{"31 January of a century", "2100-01-31 10:00:00", "2100-02-28 10:00:00"},
		{"31 January of a century that leaps", "2000-01-31 10:00:00", "2000-02-29 10:00:00"},
		{"28 February", "2023-02-28 10:00:00", "2023-03-28 10:00:00"},
		{"29 February", "2024-02-29 10:00:00", "2024-03-29 10:00:00"},
		{"31 March", "2023-03-31 10:00:00", "2023-04-30 10:00:00"},
		{"30 April", "2023-04-30 10:00:00", "2023-05-30 10:00:00"},
		{"31 July", "2023-07-31 10:00:00", "2023-08-31 10:00:00"},
		{"31 August", "2023-08-31 23:59:59.999", "2023-09-30 23:59:59"},
		{"31 October", "2023-10-31 10:00:00", "2023-11-30 10:00:00"},
		{"31 December", "2023-12-31 10:00:00", "2024-01-31 10:00:00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, want := nextMonth(instant(t, tt.from)), instant(t, tt.want); !got.Equal(want) {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}

func TestCapacity(t *testing.T) {
	h := houseAt(t, "2024-01-31 10:00:00")
	h.same("no units", `{"ProvisionedCapacityList":[]}`, document(t, h.capacity()))
	first := h.buy()
	if len(first) != 24 {
		t.Errorf("id of %d characters", len(first))
	}
	h.at("2024-02-10 10:00:00")
	second := h.buy()
	h.sold(first, second)
	for i, end := range []string{"2024-02-29 10:00:00", "2024-03-10 10:00:00"} {
		c := h.capacity().ProvisionedCapacityList[i]
		if want := nextMonth(c.StartDate.Time); !c.ExpirationDate.Equal(want) {
			t.Errorf("from %v to %v, want %v", c.StartDate, c.ExpirationDate, want)
		}
		if d := c.ExpirationDate.Sub(instant(t, end)); d < 0 || d.Hours() > 1 || c.ExpirationDate.Nanosecond() != 0 {
			t.Errorf("expires at %v, want about %s", c.ExpirationDate, end)
		}
	}
	refusal := func() {
		t.Helper()
		before := len(h.memStore.log(0))
		_, err := h.PurchaseProvisionedCapacity(t.Context(), owner)
		refused(t, err, glacier.LimitExceeded, soldOut)
		if len(h.memStore.log(0)) != before {
			t.Error("a refused purchase left a record")
		}
	}
	refusal()
	if _, err := h.PurchaseProvisionedCapacity(t.Context(), stranger); err != nil {
		t.Errorf("another account: %v", err)
	}
	h.sold(first, second)

	h.at("2024-02-29 09:30:00")
	refusal()
	h.at("2024-03-01 10:00:00")
	h.sold(second)
	third := h.buy()
	h.sold(second, third)
	refusal()
	h.at("2024-06-01 00:00:00")
	h.sold()
	fourth := h.buy()
	h.sold(fourth)
	if n := h.unitsKept(owner); n != 1 {
		t.Errorf("%d units are kept, want 1: a purchase ends those that have expired", n)
	}
	if n := h.unitsKept(stranger); n != 1 {
		t.Errorf("%d units of another account are kept, want 1: they are not the buyer's to end", n)
	}
}

// unitsKept counts an account's units, live or not.
func (h *house) unitsKept(account glacier.AccountID) int {
	h.t.Helper()
	var all []record.Capacity
	err := h.View(h.t.Context(), func(tx *catalog.Tx) (err error) {
		all, err = tx.Capacity(account, 1000)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return len(all)
}

// A unit that began first may end together with a later one, or after it.
func TestCapacityIsListedByStart(t *testing.T) {
	h := houseAt(t, "2023-01-29 12:00:00")
	first := h.buy()
	h.at("2023-01-31 11:00:00")
	second := h.buy()
	h.sold(first, second)
	h.at("2023-02-28 11:30:00")
	h.sold(first)
}

// TestUnitEnds looks at two units in the instant in which one of them ends.
func TestUnitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.update(func(tx *catalog.Tx) (record.Record, error) {
			var r record.Record
			now := tx.Now().UnixMilli()
			r.Put(&record.Capacity{Number: 1, Account: owner, Public: "over", Start: now, Expires: now})
			r.Put(&record.Capacity{Number: 2, Account: owner, Public: "one millisecond left", Start: now, Expires: now + 1})
			return r, nil
		})
		h.sold("one millisecond left")
		third := h.buy()
		h.sold("one millisecond left", third)
		if n := h.unitsKept(owner); n != 2 {
			t.Errorf("%d units are kept, want 2", n)
		}
	})
}

func TestBudgetsWithoutSpace(t *testing.T) {
	h := newHouse(t)
	const full = "There is no space left to store this request. Retrievals and deletions continue to work."
	h.failOnce("update", store.ErrFull)
	_, err := h.PurchaseProvisionedCapacity(t.Context(), owner)
	refused(t, err, glacier.ServiceUnavailable, full)
	h.failOnce("update", store.ErrFull)
	err = h.SetDataRetrievalPolicy(t.Context(), owner, dataRetrieval(t, `{"Policy":{"Rules":[`+freeTier+`]}}`))
	refused(t, err, glacier.ServiceUnavailable, full)
	h.sold()
	h.same("policy", noLimit, h.policy(owner))
}
