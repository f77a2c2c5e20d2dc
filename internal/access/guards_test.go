package access

import (
	"fmt"
	"strings"
	"testing"

	"firn/internal/policy"
)

// What the caches hold is bounded by the policies' texts, not by their number
// alone.
func TestPoliciesRememberedAreBounded(t *testing.T) {
	const statement = `{"Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"},"Id":"%d%s"}`
	long := strings.Repeat("x", policy.MaxSize-200)
	var c policyCache
	for i := range 2 * maxText / policy.MaxSize {
		if _, err := c.parse(fmt.Sprintf(statement, i, long)); err != nil {
			t.Fatal(err)
		}
	}
	sum := 0
	for _, p := range c.texts.entries {
		sum += p.Size()
	}
	if sum != c.texts.size || sum > maxText || sum < maxText-policy.MaxSize {
		t.Errorf("%d bytes of text are remembered, and %d counted; the most is %d", sum, c.texts.size, maxText)
	}
}

// sizedText is an entry with a size.
type sizedText int

func (s sizedText) Size() int { return int(s) }

func TestBounded(t *testing.T) {
	var b bounded[int, sizedText]
	for i := range 10 {
		b.put(i, 1, 4)
		b.put(i, 2, 4) // takes the place of the first
	}
	if len(b.entries) != 4 || b.size != 8 {
		t.Errorf("%d entries, size %d, want 4 and 8", len(b.entries), b.size)
	}
	b.put(10, maxText-2, 4)
	if b.entries[10] == 0 || b.size > maxText {
		t.Errorf("%d entries, size %d", len(b.entries), b.size)
	}
	b.put(11, maxText+1, 4) // too large for any other beside it
	if len(b.entries) != 1 {
		t.Errorf("%d entries beside one of %d", len(b.entries)-1, maxText+1)
	}
	b.drop(11)
	b.drop(11)
	if b.size != 0 {
		t.Errorf("size %d of none", b.size)
	}
}
