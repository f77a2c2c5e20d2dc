package move

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"github.com/spf13/pflag"

	"firn/internal/cli"
	"firn/internal/price"
)

// billFlags say what retrievals cost, and may cost.
type billFlags struct{ budget, price string }

func (f *billFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.budget, "budget", "", "`DOLLARS` that may be spent; if it would be more, nothing is begun (default: it is asked, if it costs anything)")
	fs.StringVar(&f.price, "price", "", "`DOLLARS` a GiB, for 1,000 jobs, and a GiB that leaves the region, such as 0.01,0.05,0.09 (default: Amazon's list of 2025 for us-east-1 if Amazon is asked, else nothing)")
}

// A bill is kept of the jobs that are begun.
type bill struct {
	list   price.List
	budget float64 // negative: not said

	mu    sync.Mutex
	spent float64
}

// parse reads the flags, for retrievals of a tier, and returns that as the API writes
// it.
func (b *bill) parse(endpoint, tier string, f billFlags) (_ string, err error) {
	if tier, b.list, err = cli.Tariff(endpoint, tier, f.price); err != nil {
		return "", err
	}
	b.budget = -1
	if f.budget != "" {
		if b.budget, err = strconv.ParseFloat(f.budget, 64); err != nil || !(b.budget >= 0) {
			return "", fmt.Errorf("--budget %q is not an amount of dollars", f.budget)
		}
	}
	return tier, nil
}

// price is what jobs cost that are told of, and the same in words.
func (b *bill) price(jobs, bytes int64) (cost float64, words string) {
	if cost = b.list.Cost(jobs, bytes); cost > 0 {
		words = fmt.Sprintf(", for about $%.2f", cost)
	}
	return cost, words
}

// afford tells of what is to be begun, and asks if it costs anything and there is no
// budget for it.
func (b *bill) afford(ctx context.Context, s *cli.Session, told string, cost float64) error {
	switch {
	case b.budget >= 0 && cost > b.budget:
		return cli.Errorf(cli.Refused, "nothing was begun: %s, and the budget is $%.2f", told, b.budget)
	case b.budget < 0 && cost > 0:
		return s.Confirm(ctx, told+".", "retrieve")
	}
	s.Tell("%s.", told)
	return nil
}

// spend keeps to the budget: what has expired before it was downloaded is paid for
// again.
func (b *bill) spend(bytes int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	cost := b.list.Cost(1, bytes)
	const rounding = 1e-6
	if b.budget >= 0 && b.spent+cost > b.budget+rounding {
		return cli.Errorf(cli.Refused, "the budget of $%.2f does not reach: $%.2f are spent, and the next job costs about $%.2f; what is there stays, and the same command with a larger budget goes on",
			b.budget, b.spent, cost)
	}
	b.spent += cost
	return nil
}
