package queue

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// CreateQueue makes a queue. If the owner has one of that name whose attributes
// are those given, as far as they are given, nothing changes and that is a
// success, too.
func (s *Service) CreateQueue(ctx context.Context, owner glacier.AccountID, name string, attributes, tags map[string]string) error {
	switch {
	case strings.HasSuffix(name, ".fifo"):
		return refuse(InvalidParameterValue, "Firn has no FIFO queues: %s", name)
	case !owner.Valid() || !validName(name):
		return refuse(InvalidParameterValue, "Can only include alphanumeric characters, hyphens, or underscores. 1 to %d in length", maxName)
	}
	if err := s.checkAttributes(owner, name, attributes); err != nil {
		return err
	}
	if err := checkTags(tags); err != nil {
		return err
	}
	return s.change(ctx, func(tx *catalog.Tx, r *record.Record) error {
		q, exists, err := tx.Queue(owner, name)
		if err != nil {
			return fmt.Errorf("look up queue: %w", err)
		}
		if exists {
			if attr, yes := differs(&q, attributes); yes {
				return refuse(QueueAlreadyExists, "A queue already exists with the same name and a different value for attribute %s", attr)
			}
			return nil
		}
		if err := s.checkRedrive(tx, owner, name, attributes); err != nil {
			return err
		}
		n, err := tx.CountQueues(owner)
		if err != nil {
			return err
		}
		if n >= MaxQueues {
			return refuse(OverLimit, "The limit of %d queues per account has been reached.", MaxQueues)
		}
		now := tx.Now().UnixMilli()
		r.Put(&record.Queue{
			Number: uint64(tx.LSN()), Account: owner, Name: name, Created: now, Modified: now,
			Attributes: kept(nil, attributes), Tags: maps.Clone(tags),
		})
		return nil
	})
}

// DeleteQueue ends a queue and all its messages. The messages are cleared away
// afterwards, invisible to everybody; a new queue of that name can be made at
// once.
func (s *Service) DeleteQueue(ctx context.Context, owner glacier.AccountID, name string) error {
	var number uint64
	err := s.update(ctx, owner, name, func(_ *catalog.Tx, q *record.Queue, r *record.Record) error {
		number = q.Number
		// What has neither an account nor a name is found by its number only.
		// It stays until its messages have ended: nothing else leads to them.
		r.Put(&record.Queue{Number: q.Number, Created: q.Created, Modified: q.Modified, Extra: q.Extra})
		return nil
	})
	if err == nil {
		s.forget(number)
		s.tidyUp()
	}
	return err
}

// gone reports whether a queue was deleted and only its messages are left.
func gone(q *record.Queue) bool { return q.Name == "" }

// Policy returns a queue's policy, "" if it has none, and whether there is such
// a queue.
func (s *Service) Policy(ctx context.Context, owner glacier.AccountID, name string) (text string, exists bool, err error) {
	if !owner.Valid() || !validName(name) {
		return "", false, nil
	}
	err = s.cfg.Store.View(ctx, func(tx *catalog.Tx) error {
		q, ok, err := tx.Queue(owner, name)
		text, exists = q.Attributes[attrPolicy], ok
		return err
	})
	return text, exists, err
}

// Queues lists the names of an account's queues that begin with a prefix, in
// byte order, those after the name given.
func (s *Service) Queues(ctx context.Context, owner glacier.AccountID, prefix, after string, limit int) (names []string, err error) {
	return s.list(ctx, owner, after, limit, prefix, func(*record.Queue) bool { return true })
}

// Sources lists the names of the queues whose redrive policy names this one.
func (s *Service) Sources(ctx context.Context, owner glacier.AccountID, name, after string, limit int) ([]string, error) {
	if err := s.view(ctx, owner, name, func(*catalog.Tx, *record.Queue) error { return nil }); err != nil {
		return nil, err
	}
	arn := string(s.ARN(owner, name))
	return s.list(ctx, owner, after, limit, "", func(q *record.Queue) bool {
		p := settingOf(q).redrive
		return p != nil && p.target == arn
	})
}

// list pages through an account's queues.
func (s *Service) list(ctx context.Context, owner glacier.AccountID, after string, limit int, prefix string, fits func(*record.Queue) bool) (names []string, err error) {
	// No name is between the prefix without its last byte and with it, but for
	// those that fits has to pass over.
	if n := len(prefix) - 1; n >= 0 && after < prefix {
		after = max(after, prefix[:n])
	}
	for len(names) < limit {
		var page []record.Queue
		err := s.cfg.Store.View(ctx, func(tx *catalog.Tx) (err error) {
			page, err = tx.Queues(owner, after, queuePage)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("list queues: %w", err)
		}
		for i := range page {
			after = page[i].Name
			switch {
			case strings.HasPrefix(after, prefix) && fits(&page[i]) && len(names) < limit:
				names = append(names, after)
			case after > prefix && !strings.HasPrefix(after, prefix):
				return names, nil
			}
		}
		if len(page) < queuePage {
			break
		}
	}
	return names, nil
}

// Attributes returns the attributes of a queue that are asked for by name, or
// All. Those that have no value are left out.
//
// The numbers of messages are approximate: messages whose time is over are
// counted until they are swept, and after a restart those that were sent with a
// delay count as visible until somebody comes to them.
func (s *Service) Attributes(ctx context.Context, owner glacier.AccountID, name string, names []string) (map[string]string, error) {
	var settable []string
	for _, a := range numbers() {
		settable = append(settable, a.name)
	}
	settable = append(settable, attrPolicy, attrRedrive, attrEncrypted)
	if slices.Contains(names, attrAll) {
		names = append(settable, readOnly()...)
	}
	for _, attr := range names {
		if !slices.Contains(settable, attr) && !slices.Contains(readOnly(), attr) && !slices.Contains(lacking(), attr) {
			return nil, refuse(InvalidAttributeName, "Unknown Attribute %s.", attr)
		}
	}
	var all map[string]string
	err := s.view(ctx, owner, name, func(tx *catalog.Tx, q *record.Queue) error {
		all = map[string]string{}
		for _, attr := range settable {
			all[attr] = valueOf(q, attr)
		}
		all[attrARN] = s.arn(q)
		all[attrCreated] = strconv.FormatInt(q.Created/1000, 10)
		all[attrModified] = strconv.FormatInt(q.Modified/1000, 10)
		if !slices.ContainsFunc(names, func(attr string) bool { return strings.HasPrefix(attr, "Approximate") }) {
			return nil
		}
		total, err := tx.CountQueueMessages(q.Number)
		if err != nil {
			return fmt.Errorf("count messages: %w", err)
		}
		inFlight, delayed := s.counts(q.Number)
		all[attrVisible] = strconv.FormatInt(max(0, total-inFlight-delayed), 10)
		all[attrInFlight] = strconv.FormatInt(inFlight, 10)
		all[attrDelayed] = strconv.FormatInt(delayed, 10)
		return nil
	})
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(all, func(attr, value string) bool { return value == "" || !slices.Contains(names, attr) })
	return all, nil
}

// SetAttributes changes attributes of a queue. An empty policy takes it away.
func (s *Service) SetAttributes(ctx context.Context, owner glacier.AccountID, name string, attributes map[string]string) error {
	for attr := range attributes {
		if slices.Contains(readOnly(), attr) {
			return refuse(InvalidAttributeName, "Unknown Attribute %s.", attr)
		}
	}
	if err := s.checkAttributes(owner, name, attributes); err != nil {
		return err
	}
	var number uint64
	var longer bool
	err := s.update(ctx, owner, name, func(tx *catalog.Tx, q *record.Queue, r *record.Record) error {
		if err := s.checkRedrive(tx, owner, name, attributes); err != nil {
			return err
		}
		number = q.Number
		before := settingOf(q)
		q.Attributes = kept(q.Attributes, attributes)
		longer = settingOf(q).retention > before.retention
		q.Modified = tx.Now().UnixMilli()
		r.Put(q)
		return nil
	})
	if st := s.known(number); err == nil && longer && st != nil {
		st.startOver() // what was passed over as expired may live again
	}
	return err
}

// PurgeQueue ends all messages that the queue has, those in flight included. It
// is refused for a minute after the last time.
func (s *Service) PurgeQueue(ctx context.Context, owner glacier.AccountID, name string) error {
	var number, through uint64
	err := s.update(ctx, owner, name, func(tx *catalog.Tx, q *record.Queue, r *record.Record) error {
		was, now := settingOf(q), tx.Now().UnixMilli()
		if was.purgedAt != 0 && now-was.purgedAt < purgePause.Milliseconds() {
			return refuse(PurgeQueueInProgress, "Only one PurgeQueue operation on %s is allowed every %d seconds.", q.Name, int(purgePause.Seconds()))
		}
		number, through = q.Number, firstNumber(tx)
		q.Attributes = maps.Clone(q.Attributes)
		if q.Attributes == nil {
			q.Attributes = map[string]string{}
		}
		q.Attributes[purgedKey] = fmt.Sprintf("%d %d", through, now)
		r.Put(q)
		return nil
	})
	if err != nil {
		return err
	}
	if st := s.known(number); st != nil {
		st.purge(through)
	}
	// Of what is small nothing is left when the client has his answer; then the
	// counts are right.
	if _, err := s.clear(ctx, number, new(pager)); err != nil {
		s.cfg.Log.Warn("a purged queue is not cleared yet", "queue", number, "err", err)
	}
	s.tidyUp()
	return nil
}
