package price

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Money is millionths of a US dollar.
type Money int64

// Dollar is one.
const Dollar Money = 1_000_000

// String is the amount in dollars and cents, rounded up: nobody is told of less
// than he pays.
func (m Money) String() string {
	cents := (int64(m) + 9_999) / 10_000
	return fmt.Sprintf("$%d.%02d", cents/100, cents%100)
}

// MarshalJSON makes it a number of dollars.
func (m Money) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(m)/float64(Dollar), 'f', -1, 64), nil
}

// ParseMoney reads an amount such as 12, 12.50 or $12.50.
func ParseMoney(s string) (Money, error) {
	whole, part, point := strings.Cut(strings.TrimPrefix(s, "$"), ".")
	var dollars, cents int64
	if _, err := fmt.Sscanf(whole+"\n", "%d\n", &dollars); err != nil || dollars < 0 || dollars > 1e9 || strings.Trim(whole, "0123456789") != "" {
		return 0, fmt.Errorf("%q is not an amount of dollars such as 12.50", s)
	}
	if point {
		if len(part) == 1 {
			part += "0"
		}
		if len(part) != 2 || strings.Trim(part, "0123456789") != "" {
			return 0, fmt.Errorf("%q is not an amount of dollars such as 12.50", s)
		}
		cents = int64(part[0]-'0')*10 + int64(part[1]-'0')
	}
	return Money(dollars)*Dollar + Money(cents)*Dollar/100, nil
}

// Money is Cost, rounded up.
func (l List) Money(jobs, bytes int64) Money {
	return Money(math.Ceil(l.Cost(jobs, bytes)*float64(Dollar) - 0.001)) // what is less is of the calculation
}
