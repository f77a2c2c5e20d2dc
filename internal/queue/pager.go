package queue

// A pager says how long a page of messages is to be: short, unless those of
// the last page were small and none of them was of use.
type pager struct{ next int }

const (
	firstPage   = 16
	longestPage = sweepKeys
)

// size is the length of the next page, of which need are needed.
func (p *pager) size(need int) int { return max(need, p.next) }

// read takes note of what came.
func (p *pager) read(messages, bytes int) {
	switch {
	case bytes > pageBytes:
		p.next = firstPage
	case messages > 0:
		p.next = min(max(firstPage, 2*p.next), longestPage)
	}
}
