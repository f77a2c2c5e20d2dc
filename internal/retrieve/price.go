package retrieve

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"firn/glacier"
)

// A Price is what retrievals of a tier cost, in US dollars.
type Price struct {
	GiB  float64 // retrieved
	Jobs float64 // for 1,000 of them
	Out  float64 // a GiB that leaves the region
}

// Amazon is the list price of Amazon's vaults in us-east-1, as of 2025. Other
// regions differ by up to two thirds, and the first 100 GiB a month that leave
// cost nothing, which is not taken into account.
func Amazon(tier string) Price {
	switch tier {
	case glacier.Expedited:
		return Price{GiB: 0.03, Jobs: 10, Out: 0.09}
	case glacier.Bulk:
		return Price{GiB: 0.0025, Jobs: 0.025, Out: 0.09}
	}
	return Price{GiB: 0.01, Jobs: 0.05, Out: 0.09}
}

// ParsePrice reads a price as a user gives it: dollars a GiB, for 1,000 jobs,
// and a GiB that leaves, with commas between them; those that are left out are
// 0.
func ParsePrice(s string) (p Price, err error) {
	fields := strings.Split(s, ",")
	for i, to := range []*float64{&p.GiB, &p.Jobs, &p.Out} {
		if i >= len(fields) {
			break
		}
		if *to, err = strconv.ParseFloat(strings.TrimSpace(fields[i]), 64); err != nil || !(*to >= 0 && *to < 1e6) {
			return p, fmt.Errorf("%q is not an amount of dollars", fields[i])
		}
	}
	if len(fields) > 3 {
		return p, errors.New("a price has three numbers at most: a GiB, 1,000 jobs, a GiB that leaves")
	}
	return p, nil
}

// Cost is what so many jobs for so many bytes cost, in US dollars.
func (p Price) Cost(e Estimate) float64 {
	gib := float64(e.Retrieved) / glacier.GiB
	return gib*p.GiB + float64(e.Jobs)/1000*p.Jobs + gib*p.Out
}

// An Estimate is how much would have to be done.
type Estimate struct {
	Files     int64 // that are wanted, and are not there
	Bytes     int64 // in these files
	Jobs      int64 // that would have to be begun
	Retrieved int64 // bytes that these jobs retrieve
	Begun     int64 // jobs that are under way or complete already
	Slower    int64 // of these, jobs with a slower tier than is wanted now
}
