// Package price knows what retrievals cost, and amounts of money. It spends
// nothing.
package price

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"firn/glacier"
)

// A List is what retrievals of a tier cost, in US dollars.
type List struct {
	GiB  float64 // retrieved
	Jobs float64 // for 1,000 of them
	Out  float64 // a GiB that leaves the region
}

// Amazon is the list price of Amazon's vaults in us-east-1, as of 2025. Other
// regions differ by up to two thirds, and the first 100 GiB a month that leave
// cost nothing, which is not taken into account.
func Amazon(tier string) List {
	switch tier {
	case glacier.Expedited:
		return List{GiB: 0.03, Jobs: 10, Out: 0.09}
	case glacier.Bulk:
		return List{GiB: 0.0025, Jobs: 0.025, Out: 0.09}
	}
	return List{GiB: 0.01, Jobs: 0.05, Out: 0.09}
}

// Parse reads a price as a user gives it: dollars a GiB, for 1,000 jobs,
// and a GiB that leaves, with commas between them; those that are left out are
// 0.
func Parse(s string) (l List, err error) {
	fields := strings.Split(s, ",")
	for i, to := range []*float64{&l.GiB, &l.Jobs, &l.Out} {
		if i >= len(fields) {
			break
		}
		if *to, err = strconv.ParseFloat(strings.TrimSpace(fields[i]), 64); err != nil || !(*to >= 0 && *to < 1e6) {
			return l, fmt.Errorf("%q is not an amount of dollars", fields[i])
		}
	}
	if len(fields) > 3 {
		return l, errors.New("a price has three numbers at most: a GiB, 1,000 jobs, a GiB that leaves")
	}
	return l, nil
}

// Cost is what so many jobs for so many bytes cost, in US dollars.
func (l List) Cost(jobs, bytes int64) float64 {
	gib := float64(bytes) / glacier.GiB
	return gib*l.GiB + float64(jobs)/1000*l.Jobs + gib*l.Out
}
