package price_test

import (
	"encoding/json"
	"testing"

	"firn/internal/price"
)

func TestMoney(t *testing.T) {
	for _, row := range []struct {
		text   string
		want   price.Money
		prints string // "": it is refused
	}{
		{"12", 12 * price.Dollar, "$12.00"},
		{"$12.5", 12_500_000, "$12.50"},
		{"0.05", 50_000, "$0.05"},
		{"1000000", 1_000_000 * price.Dollar, "$1000000.00"},
		{"", 0, ""}, {"$", 0, ""}, {"-1", 0, ""}, {"+1", 0, ""}, {"1e3", 0, ""}, {"1.234", 0, ""}, {"1.", 0, ""}, {"1.x", 0, ""}, {"1,50", 0, ""}, {"99999999999999999999", 0, ""},
	} {
		t.Run(row.text, func(t *testing.T) {
			got, err := price.ParseMoney(row.text)
			if (err == nil) != (row.prints != "") || got != row.want || err == nil && got.String() != row.prints {
				t.Errorf("%d, %s, %v; want %d", got, got, err, row.want)
			}
		})
	}
	if got, err := json.Marshal(price.Money(20_001)); err != nil || string(got) != "0.020001" {
		t.Errorf("as JSON it is %s, %v", got, err)
	}
	if got := price.Money(1).String(); got != "$0.01" {
		t.Errorf("the least there is is %s", got)
	}
}

// TestPrices: what is read of a price, and what it comes to.
func TestPrices(t *testing.T) {
	const jobs, bytes = 500, 10 << 30
	for text, want := range map[string]float64{"0": 0, "0.01": 0.1, "0.01,10": 5.1, " 0.01, 10 ,0.09": 6, "0,0,0.09": 0.9} {
		p, err := price.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Cost(jobs, bytes); got < want-1e-9 || got > want+1e-9 {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
	for _, text := range []string{"", "x", "-1", "NaN", "1e300", "Inf", "1,2,3,4", "1,,2"} {
		if p, err := price.Parse(text); err == nil {
			t.Errorf("%q was read as %v", text, p)
		}
	}
	if bulk, standard, expedited := price.Amazon("Bulk").Cost(jobs, bytes), price.Amazon("Standard").Cost(jobs, bytes), price.Amazon("Expedited").Cost(jobs, bytes); bulk >= standard || standard >= expedited {
		t.Errorf("bulk %v, standard %v, expedited %v", bulk, standard, expedited)
	}
}
