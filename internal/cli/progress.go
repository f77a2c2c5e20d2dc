package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// A Progress is a line on a terminal that tells how far something is. Where
// nobody looks on it does nothing. It may be used concurrently.
type Progress struct {
	s     *screen
	label string
	bytes bool

	mu          sync.Mutex
	done, total int64 // total is 0 if it is not known
	note        string
	began       time.Time
	marks       []mark // the last seconds, to tell the rate by
	stop        chan struct{}
	stopped     sync.WaitGroup
}

// A mark is how much was done at a time.
type mark struct {
	at   time.Time
	done int64
}

const (
	repaint = 200 * time.Millisecond
	window  = 75 // marks that the rate is told by: 15 s
)

// Add tells that n more are done; n may be negative.
func (p *Progress) Add(n int64) {
	p.mu.Lock()
	p.done += n
	p.mu.Unlock()
}

// Expect tells that n more are to be done.
func (p *Progress) Expect(n int64) {
	p.mu.Lock()
	p.total += n
	p.mu.Unlock()
}

// Note sets what stands at the end of the line, such as a file's name.
func (p *Progress) Note(note string) {
	p.mu.Lock()
	p.note = Printable(note)
	p.mu.Unlock()
}

// Close takes the line away. It may be called more than once.
func (p *Progress) Close() {
	if p.stop == nil {
		return
	}
	close(p.stop)
	p.stopped.Wait()
	p.stop = nil
	p.s.drop(p)
}

// run repaints the line until it is stopped.
func (p *Progress) run() {
	defer p.stopped.Done()
	ticker := time.NewTicker(repaint)
	defer ticker.Stop()
	for {
		p.s.paint()
		select {
		case <-ticker.C:
		case <-p.stop:
			return
		}
	}
}

// line is the line as it is now, at most width characters.
func (p *Progress) line(now time.Time, width int) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.marks = append(p.marks, mark{now, p.done})
	if len(p.marks) > window {
		p.marks = p.marks[len(p.marks)-window:]
	}
	parts := []string{p.label}
	if p.total > 0 {
		parts = append(parts, fmt.Sprintf("%3d %%", min(100, 100*p.done/p.total)), p.amount(p.done)+" of "+p.amount(p.total))
	} else if p.done != 0 {
		parts = append(parts, p.amount(p.done))
	}
	if rate := p.rate(); rate > 0 {
		parts = append(parts, p.amount(int64(rate+0.5))+"/s")
		if left := p.total - p.done; left > 0 {
			parts = append(parts, Span(time.Duration(float64(left)/rate*float64(time.Second)))+" left")
		}
	} else if p.total == 0 {
		parts = append(parts, Span(now.Sub(p.began)))
	}
	if p.note != "" {
		parts = append(parts, p.note)
	}
	return cut(strings.Join(parts, "  "), width)
}

func (p *Progress) amount(n int64) string {
	if p.bytes {
		return Size(n)
	}
	return fmt.Sprint(n)
}

// rate is how many were done a second, lately.
func (p *Progress) rate() float64 {
	first, last := p.marks[0], p.marks[len(p.marks)-1]
	took := last.at.Sub(first.at).Seconds()
	if took < 1 {
		return 0
	}
	return max(0, float64(last.done-first.done)/took)
}

// cut shortens a line.
func cut(s string, width int) string {
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:max(0, width-1)]) + "…"
}

// A screen is standard error: lines that stay, and below them at most one that
// is repainted.
type screen struct {
	w     io.Writer
	width func() int // of the terminal; nil if it is none

	mu      sync.Mutex
	current *Progress
	shown   bool
}

const eraseLine = "\r\x1b[K"

// say writes a line that stays.
func (s *screen) say(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shown {
		line = eraseLine + line
		s.shown = false
	}
	fmt.Fprintln(s.w, line)
}

// mute keeps all lines away from then on.
func (s *screen) mute() {
	s.mu.Lock()
	s.w = io.Discard
	s.mu.Unlock()
}

// above writes to standard output where that is on the same screen.
type above struct {
	s *screen
	w io.Writer
}

func (a above) Write(p []byte) (int, error) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	if a.s.shown {
		fmt.Fprint(a.s.w, eraseLine)
		a.s.shown = false
	}
	return a.w.Write(p)
}

// take makes a line the one that is repainted.
func (s *screen) take(p *Progress) {
	s.mu.Lock()
	s.current = p
	s.mu.Unlock()
	p.stopped.Add(1)
	go p.run()
}

func (s *screen) paint() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil {
		fmt.Fprint(s.w, eraseLine+s.current.line(time.Now(), s.width()-1))
		s.shown = true
	}
}

// drop takes the line away.
func (s *screen) drop(p *Progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != p {
		return
	}
	if s.shown {
		fmt.Fprint(s.w, eraseLine)
	}
	s.current, s.shown = nil, false
}
