package value

import "testing"

// TestSwapped swaps the sides of each comparison.
func TestSwapped(t *testing.T) {
	for op := Equal; op <= GreaterOrEqual; op++ {
		for _, c := range []int{-1, 0, 1} {
			if op.Holds(c) != op.Swapped().Holds(-c) {
				t.Errorf("comparison %d of %d, swapped %d of %d", op, c, op.Swapped(), -c)
			}
		}
	}
}

// TestCompareTypes compares a value of each type with one of each type. What = < and
// > say is t, f or u, as they are true, false or unknown.
func TestCompareTypes(t *testing.T) {
	ten := []Value{Missing(), Null(), Bool(true), Int(10), Float(10), Decimal(10), Timestamp(january(t)), String([]byte("10")), Text([]byte("10"))}
	want := []string{
		"uuu uuu uuu uuu uuu uuu uuu uuu uuu", // MISSING
		"uuu uuu uuu uuu uuu uuu uuu uuu uuu", // NULL
		"uuu uuu tff fuu fuu fuu fuu fuu fuu", // BOOL
		"uuu uuu fuu tff tff tff fuu fuu tff", // INT
		"uuu uuu fuu tff tff tff fuu fuu tff", // FLOAT
		"uuu uuu fuu tff tff tff fuu fuu tff", // DECIMAL
		"uuu uuu fuu fuu fuu fuu tff fuu fuu", // TIMESTAMP
		"uuu uuu fuu fuu fuu fuu fuu tff tff", // STRING
		"uuu uuu fuu tff tff tff fuu tff tff", // a text
	}
	for i, a := range ten {
		got := ""
		for j, b := range ten {
			if j > 0 {
				got += " "
			}
			for _, op := range []Comparison{Equal, Less, Greater} {
				got += map[Truth]string{Yes: "t", No: "f", Unknown: "u"}[Compare(op, a, b)]
			}
		}
		if got != want[i] {
			t.Errorf("%v %s:\n%s, want\n%s", a.Kind(), a.Show(), got, want[i])
		}
	}
}
