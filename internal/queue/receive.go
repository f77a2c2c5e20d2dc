package queue

import (
	"container/heap"
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// A Demand says which messages somebody wants. Nil stands for the default.
type Demand struct {
	Max        *int     // at most so many; 1
	Visibility *int     // seconds; the queue's
	Wait       *int     // seconds; the queue's
	System     []string // system attributes to be told, or All
	Attributes []string // attributes to be told: names, All, or prefixes with .*
}

func (d *Demand) check() error {
	if d.Max != nil && (*d.Max < 1 || *d.Max > MaxBatch) {
		return invalid("MaxNumberOfMessages", *d.Max, fmt.Sprintf("Must be between 1 and %d, if provided.", MaxBatch))
	}
	if err := checkVisibility(d.Visibility); err != nil {
		return err
	}
	if d.Wait != nil && (*d.Wait < 0 || *d.Wait > int(MaxWait.Seconds())) {
		return invalid("WaitTimeSeconds", *d.Wait, fmt.Sprintf("Must be >= 0 and <= %d, if provided.", int(MaxWait.Seconds())))
	}
	for _, name := range d.System {
		if name != attrAll && !slices.Contains(systemNames(), name) {
			return refuse(InvalidAttributeName, "Unknown Attribute %s.", name)
		}
	}
	return nil
}

func checkVisibility(seconds *int) error {
	if most := int(MaxVisibility.Seconds()); seconds != nil && (*seconds < 0 || *seconds > most) {
		return invalid("VisibilityTimeout", *seconds, fmt.Sprintf("VisibilityTimeout must be an integer between 0 and %d.", most))
	}
	return nil
}

// ReceiveMessages takes messages that are visible and makes them invisible for
// a time. If there are none it waits, if that is wanted, and returns at once
// when there are some; none at the end of the wait is no error. It also ends
// when ctx does, and then takes nothing.
func (s *Service) ReceiveMessages(ctx context.Context, owner glacier.AccountID, name string, d Demand) ([]Message, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	t := &taking{s: s, owner: owner, name: name, demand: &d}
	got, err := t.try(ctx)
	wait := t.setting.wait
	if d.Wait != nil {
		wait = time.Duration(*d.Wait) * time.Second
	}
	switch {
	case err != nil || len(got) > 0:
		return got, err
	case wait == 0 && t.full:
		return nil, refuse(OverLimit, "Too many messages are in flight: %d of this queue, at most.", MaxInFlight)
	case wait == 0:
		return nil, nil
	}
	if s.waiting.Add(1) > int64(s.cfg.MaxWaiting) {
		s.waiting.Add(-1)
		return nil, refuse(RequestThrottled, "Too many requests are waiting for messages.")
	}
	defer s.waiting.Add(-1)
	return t.wait(ctx, wait)
}

// A taking is a receive under way.
type taking struct {
	s       *Service
	owner   glacier.AccountID
	name    string
	demand  *Demand
	st      *state
	setting setting // as the last try has found it
	full    bool    // the last try found too much in flight
}

// wait tries again whenever there may be something, until there is.
func (t *taking) wait(ctx context.Context, most time.Duration) (got []Message, err error) {
	st, w := t.st, &waiter{woken: make(chan struct{}, 1)}
	end := time.NewTimer(most)
	defer end.Stop()
	for {
		st.join(w)
		got, err = t.try(ctx)
		if err != nil || len(got) > 0 {
			st.leave(w, len(got) > 0)
			return got, err
		}
		if t.st != st {
			st.leave(w, false)
			return nil, noQueue() // another has its name now
		}
		select {
		case <-w.woken:
			continue
		case <-end.C:
		case <-t.s.closing:
		case <-ctx.Done():
			err = ctx.Err()
		}
		st.leave(w, false)
		return nil, err
	}
}

// try takes what is there.
func (t *taking) try(ctx context.Context) ([]Message, error) {
	for {
		st, err := t.s.stateOf(ctx, t.owner, t.name)
		if err != nil {
			return nil, err
		}
		t.st = st
		got, stale, err := t.tryIn(ctx)
		if !stale {
			return got, err
		}
		t.s.forget(st.number) // another queue has its name now
	}
}

// tryIn is try with what is in memory of a queue, which is stale if it is of
// one that is gone.
func (t *taking) tryIn(ctx context.Context) (got []Message, stale bool, err error) {
	select {
	case t.st.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	defer func() { <-t.st.turn }()
	h := &hand{t: t, st: t.st, want: 1}
	if t.demand.Max != nil {
		h.want = *t.demand.Max
	}
	err = h.fill(ctx)
	if err == nil {
		err = ctx.Err() // nobody would get them
	}
	t.setting, t.full = h.setting, h.full
	if err != nil || h.stale {
		h.putBack()
		return nil, h.stale, err
	}
	return h.deliver(), false, nil
}

// A hand takes messages of a queue while it has the queue's turn.
type hand struct {
	t       *taking
	st      *state
	want    int
	setting setting
	stale   bool // the queue is gone
	full    bool // too much is in flight, and nothing could be taken
	held    []held
	pager   pager

	// Of this round.
	most   int       // messages that may be held at its end
	picked []*flight // some of those that were visible again
	rest   bool      // there are more of those
	cursor uint64    // where the page begins
	size   int       // how many messages it is to have; 0 if none is read
	page   []record.QueueMessage
	now    time.Time // the store's
}

// A held message is about to be delivered.
type held struct {
	flight  *flight
	message record.QueueMessage
}

// fill takes messages until there are enough or no more.
func (h *hand) fill(ctx context.Context) error {
	for round := 0; h.pick(round); round++ {
		if err := h.read(ctx); err != nil || h.stale {
			return err
		}
		had, looked := len(h.held), len(h.picked)+h.size
		if err := h.sortPicked(ctx); err != nil {
			return err
		}
		last := h.sortPage()
		if len(h.held) > had {
			h.pager = pager{}
		}
		if last && !h.rest {
			h.full = looked == 0 && len(h.held) == 0
			return nil
		}
	}
	return nil
}

// pick begins a round, unless there is enough. It picks some of those messages
// that are visible again, and says how many new ones are to be read. In the
// first round both have their share, so that neither a message that comes back
// again and again nor a long backlog keeps the other from its turn.
func (h *hand) pick(round int) bool {
	st := h.st
	st.mu.Lock()
	defer st.mu.Unlock()
	st.settle()
	h.most = min(h.want, st.s.limits.inFlight-st.inFlight())
	need := h.most - len(h.held)
	if need <= 0 {
		h.full = len(h.held) == 0
		return false
	}
	share := need
	if round == 0 {
		share = need / 2
		if st.swap = !st.swap; st.swap {
			share = need - need/2
		}
	}
	h.picked, h.page, h.size = nil, nil, 0
	for len(h.picked) < share {
		f := st.rested.pop()
		if f == nil {
			break
		}
		if st.flights[f.number] == f {
			h.picked = append(h.picked, f)
		}
	}
	h.rest = st.rested.len() > 0
	if need > len(h.picked) && st.mayTake() {
		h.size = h.pager.size(need - len(h.picked))
	}
	h.cursor, st.ended = st.cursor, map[uint64]struct{}{}
	return true
}

// read reads a page of new messages.
func (h *hand) read(ctx context.Context) error {
	return h.t.s.view(ctx, h.t.owner, h.t.name, func(tx *catalog.Tx, q *record.Queue) (err error) {
		if h.stale = q.Number != h.st.number; h.stale {
			return nil
		}
		h.setting, h.now = settingOf(q), tx.Now()
		h.page, err = tx.QueueMessages(q.Number, max(h.cursor, h.setting.purged), h.size)
		return err
	})
}

// lives reports whether a message is still to be delivered to somebody.
func (h *hand) lives(m *record.QueueMessage) bool {
	return m.Number >= h.setting.purged && m.Sent+h.setting.retention.Milliseconds() > h.now.UnixMilli()
}

// sortPage decides what becomes of the messages that were read, and reports
// whether there are no more.
func (h *hand) sortPage() (last bool) {
	st := h.st
	st.mu.Lock()
	defer st.mu.Unlock()
	ended := st.ended
	st.ended = nil
	switch {
	case st.gone:
		return true
	case h.size == 0:
		return len(h.picked) == 0
	case st.cursor != h.cursor:
		return false // it was moved meanwhile: the page is not what comes next
	}
	bytes := 0
	for i := range h.page {
		if len(h.held) == h.most {
			return false
		}
		m := &h.page[i]
		bytes += len(m.Body)
		st.cursor = m.Number
		if _, over := ended[m.Number]; over || st.flights[m.Number] != nil || !h.lives(m) {
			continue
		}
		f := &flight{number: m.Number, at: nowhere}
		if delay := time.Duration(m.Visible-h.now.UnixMilli()) * time.Millisecond; delay > 0 {
			h.postpone(f, delay)
			continue
		}
		st.add(f)
		h.held = append(h.held, held{f, *m})
	}
	h.pager.read(len(h.page), bytes)
	return len(h.page) < h.size
}

// postpone remembers a message whose delay is not over, or where it was.
func (h *hand) postpone(f *flight, delay time.Duration) {
	st := h.st
	f.due = st.s.clock() + delay
	if st.mayExpect() {
		st.add(f)
		st.hide(f)
		return
	}
	if st.skipped == 0 {
		st.skipped, st.skippedDue = f.number, f.due
	}
	st.skipped, st.skippedDue = min(st.skipped, f.number), min(st.skippedDue, f.due)
}

// sortPicked looks up the messages that were picked, which may have ended, or
// may have been received too often.
func (h *hand) sortPicked(ctx context.Context) error {
	if len(h.picked) == 0 {
		return nil
	}
	found := map[uint64]record.QueueMessage{}
	err := h.t.s.cfg.Store.View(ctx, func(tx *catalog.Tx) error {
		for _, f := range h.picked {
			m, ok, err := tx.QueueMessage(h.st.number, f.number)
			if err != nil {
				return fmt.Errorf("look up message: %w", err)
			}
			if ok {
				found[f.number] = m
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var spent []*flight
	for _, f := range h.picked {
		m, ok := found[f.number]
		if !ok || !h.lives(&m) {
			h.st.end([]uint64{f.number})
			continue
		}
		if p := h.setting.redrive; p != nil && int64(f.receives) >= p.most {
			spent = append(spent, f)
		}
	}
	done := false
	if len(spent) > 0 {
		if done, err = h.t.s.redrive(ctx, h.st, h.setting.redrive.target, spent); err != nil {
			return err
		}
	}
	for _, f := range h.picked {
		m, ok := found[f.number]
		if ok && h.lives(&m) && !(done && slices.Contains(spent, f)) { // if it is not done there is nowhere to go
			h.held = append(h.held, held{f, m})
		}
	}
	return nil
}

// putBack lets everything be visible again.
func (h *hand) putBack() {
	st := h.st
	st.mu.Lock()
	defer st.mu.Unlock()
	back := h.picked
	for _, m := range h.held {
		if !slices.Contains(back, m.flight) {
			back = append(back, m.flight)
		}
	}
	for _, f := range back {
		if st.flights[f.number] == f {
			st.rested.push(f)
		}
	}
	st.ended = nil
	st.wakeFirst()
}

// deliver makes the messages invisible and hands them over.
func (h *hand) deliver() []Message {
	d, st := h.t.demand, h.st
	visibility := h.setting.visibility
	if d.Visibility != nil {
		visibility = time.Duration(*d.Visibility) * time.Second
	}
	out := make([]Message, 0, len(h.held))
	st.mu.Lock()
	defer st.mu.Unlock()
	for i := range h.held {
		f, m := h.held[i].flight, &h.held[i].message
		if st.flights[f.number] != f {
			continue // it was deleted meanwhile
		}
		f.received = st.s.clock()
		f.due = f.received + visibility
		f.receive = random()
		if f.receives++; f.receives == 1 {
			f.first = st.s.cfg.Now().UnixMilli()
		}
		heap.Push(&st.hidden, f)
		out = append(out, h.message(f, m))
	}
	st.arm()
	return out
}

// message is a message as it is handed over.
func (h *hand) message(f *flight, m *record.QueueMessage) Message {
	d := h.t.demand
	out := Message{
		ID:         m.Public,
		Handle:     h.t.s.handles.seal(handle{h.st.number, f.number, f.receive}),
		Body:       m.Body,
		MD5:        bodyMD5(m.Body),
		Attributes: selected(m.Attributes, d.Attributes),
	}
	out.AttributesMD5 = attributesMD5(out.Attributes)
	if len(d.System) == 0 {
		return out
	}
	out.System = map[string]string{
		sysSender:   m.Sender,
		sysSent:     strconv.FormatInt(m.Sent, 10),
		sysReceives: strconv.Itoa(f.receives),
		sysFirst:    strconv.FormatInt(f.first, 10),
		sysTrace:    m.Attributes[keptTrace].Value,
		sysSource:   m.Attributes[keptSource].Value,
	}
	if m.Sender == "" {
		out.System[sysSender] = string(h.t.owner) // a topic has sent it, in the account's name
	}
	all := slices.Contains(d.System, attrAll)
	maps.DeleteFunc(out.System, func(name, value string) bool { return value == "" || !all && !slices.Contains(d.System, name) })
	return out
}

func random() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.LittleEndian.Uint64(b[:])
}
