package access

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"firn/glacier"
)

// Rates say how many requests a second are served; 0 does not limit.
type Rates struct {
	PerAccount float64
	PerKey     float64
}

// maxLimiters bounds the callers whose requests are counted. They all have
// keys, so strangers cannot fill it.
const maxLimiters = 16_384

// A throttle counts requests by account and by key. A burst of one second's
// worth is let through.
type throttle struct {
	rates Rates

	mu       sync.Mutex
	limiters map[string]*rate.Limiter // by account or key; the two look different
}

// Throttle refuses a request if its caller has made too many. A request that
// its key is refused does not count for its account.
func (s *Service) Throttle(c Caller) error {
	t, now := &s.throttle, s.now()
	if t.rates == (Rates{}) {
		return nil
	}
	if !t.allow(now, c.KeyID, t.rates.PerKey) || !t.allow(now, string(c.Account), t.rates.PerAccount) {
		return glacier.Errorf(glacier.Throttling, "Rate exceeded")
	}
	return nil
}

func (t *throttle) allow(now time.Time, who string, perSecond float64) bool {
	if perSecond <= 0 {
		return true
	}
	t.mu.Lock()
	l := t.limiters[who]
	if l == nil {
		if len(t.limiters) >= maxLimiters || t.limiters == nil {
			t.limiters = map[string]*rate.Limiter{} // all begin anew: a moment's generosity
		}
		l = rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond)))
		t.limiters[who] = l
	}
	t.mu.Unlock()
	return l.AllowN(now, 1)
}
