package console

import "strconv"

// A pager is a part of a list that is known as a whole.
type pager struct {
	number, last int // of pages, counted from 1
	from, to     int // what it shows: list[from:to]
}

// paging finds the page that a visitor asks for, in a list of n things with
// some to a page. What is no page is the nearest that is one.
func paging(number string, n, each int) pager {
	p := pager{last: max(1, (n+each-1)/each)}
	asked, _ := strconv.Atoi(number) // what is no number is 0
	p.number = min(max(asked, 1), p.last)
	p.from = (p.number - 1) * each
	p.to = min(p.from+each, n)
	return p
}

// links are those to the pages before and after, "" for none, with the
// parameters that the page has besides.
func (p pager) links(name string, params ...string) (before, after string) {
	to := func(number int) string {
		return link(name, append(params[:len(params):len(params)], "page", strconv.Itoa(number))...)
	}
	if p.number > 1 {
		before = to(p.number - 1)
	}
	if p.number < p.last {
		after = to(p.number + 1)
	}
	return before, after
}
