package queue

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// A message's number is the LSN of the record that brought it, and its place
// among those that the record brings to the same queue, in the lower bits.
const placeBits = 16

// firstNumber is the lowest number that a message of this record can have; all
// messages before it have lower ones.
func firstNumber(tx *catalog.Tx) uint64 { return uint64(tx.LSN()) << placeBits }

// put adds a message to a record.
func put(tx *catalog.Tx, r *record.Record, m *record.QueueMessage) error {
	m.Number = firstNumber(tx)
	for _, im := range r.Images {
		if im.Key.Kind == record.KindQueueMessage && im.Key.A == m.Queue && im.Key.B >= m.Number {
			m.Number = im.Key.B + 1
		}
	}
	if m.Number>>placeBits != uint64(tx.LSN()) {
		return fmt.Errorf("more than %d messages in one record", 1<<placeBits)
	}
	r.Put(m)
	return nil
}

// Put adds a message to a queue, as part of a record of the caller's: a topic
// sends so. After the record has been written, [Service.Wake] is to be called.
// ErrNoQueue means that there is no such queue, now or ever in this region; an
// *Error, that no queue takes such a message.
//
// The body is not held to the queue's MaximumMessageSize: what a topic has
// accepted is not to be lost for the length of an envelope.
func (s *Service) Put(tx *catalog.Tx, r *record.Record, arn string, body string, attributes map[string]record.Attribute) error {
	q, ok, err := s.byARN(tx, arn)
	if err != nil {
		return err
	}
	if !ok {
		return ErrNoQueue
	}
	m := Outgoing{Body: body, Attributes: attributes}
	if err := m.checkText(); err != nil {
		return err
	}
	return put(tx, r, m.record(tx, &q))
}

// Exists reports whether an ARN is that of a queue that exists.
func (s *Service) Exists(tx *catalog.Tx, arn string) (bool, error) {
	_, ok, err := s.byARN(tx, arn)
	return ok, err
}

// Wake tells those who wait for messages of a queue that there may be some.
func (s *Service) Wake(arn string) {
	s.mu.Lock()
	st := s.names[arn]
	s.mu.Unlock()
	if st != nil {
		st.wake()
	}
}

// record is the message as it is kept in a queue.
func (m *Outgoing) record(tx *catalog.Tx, q *record.Queue) *record.QueueMessage {
	now := tx.Now()
	kept := &record.QueueMessage{
		Queue: q.Number, Public: newUUID(tx), Body: m.Body, Attributes: m.Attributes, Sent: now.UnixMilli(), Sender: m.Sender,
	}
	delay := settingOf(q).delay
	if m.Delay != nil {
		delay = time.Duration(*m.Delay) * time.Second
	}
	if delay > 0 {
		kept.Visible = now.Add(delay).UnixMilli()
	}
	if m.Trace != "" {
		kept.Attributes = maps.Clone(m.Attributes)
		if kept.Attributes == nil {
			kept.Attributes = map[string]record.Attribute{}
		}
		kept.Attributes[keptTrace] = record.Attribute{Type: typeString, Value: m.Trace}
	}
	return kept
}

// newUUID makes a random UUID, version 4.
func newUUID(tx *catalog.Tx) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], tx.Random())
	binary.BigEndian.PutUint64(b[8:], tx.Random())
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// SendMessage sends a message. When it returns without an error the message is
// on the medium.
func (s *Service) SendMessage(ctx context.Context, owner glacier.AccountID, name string, m Outgoing) (Sent, error) {
	sent, err := s.send(ctx, owner, name, []Outgoing{m})
	if err != nil {
		return Sent{}, err
	}
	return sent[0], sent[0].Err
}

// SendMessages sends the messages of a batch, in their order. Each is sent or
// refused by itself; the results have the order of the messages. Those that are
// sent go with one record.
func (s *Service) SendMessages(ctx context.Context, owner glacier.AccountID, name string, batch []Outgoing) ([]Sent, error) {
	if err := checkBatch("SendMessageBatchRequestEntry", len(batch), func(i int) string { return batch[i].ID }); err != nil {
		return nil, err
	}
	total := 0
	for i := range batch {
		total += batch[i].size()
	}
	if total > MaxMessage {
		return nil, refuse(BatchRequestTooLong, "Batch requests cannot be longer than %d bytes. You have sent %d bytes.", MaxMessage, total)
	}
	return s.send(ctx, owner, name, batch)
}

func (s *Service) send(ctx context.Context, owner glacier.AccountID, name string, batch []Outgoing) (sent []Sent, err error) {
	drafts, sizes := make([]Sent, len(batch)), make([]int, len(batch))
	for i := range batch {
		m := &batch[i]
		drafts[i] = Sent{
			ID: m.ID, MD5: bodyMD5(m.Body), AttributesMD5: attributesMD5(m.Attributes), TraceMD5: traceMD5(m.Trace), Err: m.check(),
		}
		sizes[i] = m.size()
	}
	var delayed []*record.QueueMessage
	var now time.Time
	err = s.update(ctx, owner, name, func(tx *catalog.Tx, q *record.Queue, r *record.Record) error {
		sent, delayed, now = slices.Clone(drafts), nil, tx.Now()
		most := int(settingOf(q).maxMessage)
		for i := range batch {
			if sent[i].Err == nil && sizes[i] > most {
				sent[i].Err = refuse(InvalidParameterValue, "One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", most)
			}
			if sent[i].Err != nil {
				continue
			}
			kept := batch[i].record(tx, q)
			if err := put(tx, r, kept); err != nil {
				return err
			}
			sent[i].MessageID = kept.Public
			if kept.Visible > 0 {
				delayed = append(delayed, kept)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(delayed) > 0 {
		s.expect(delayed, now)
	}
	s.Wake(string(s.ARN(owner, name)))
	return sent, nil
}

// expect notes messages that were sent with a delay, if anybody has ever asked
// for messages of the queue, so that they are counted and waited for.
func (s *Service) expect(delayed []*record.QueueMessage, now time.Time) {
	if st := s.known(delayed[0].Queue); st != nil {
		for _, m := range delayed {
			st.expect(m, s.clock()+time.Duration(m.Visible-now.UnixMilli())*time.Millisecond)
		}
	}
}

// checkBatch refuses a batch whose entries are too many, or whose ids are not
// what they have to be.
func checkBatch(what string, n int, id func(i int) string) error {
	switch {
	case n == 0:
		return refuse(EmptyBatchRequest, "There should be at least one %s in the request.", what)
	case n > MaxBatch:
		return refuse(TooManyEntriesInBatch, "Maximum number of entries per request are %d. You have sent %d.", MaxBatch, n)
	}
	seen := map[string]bool{}
	for i := range n {
		id := id(i)
		if len(id) > maxBatchID || !validName(id) {
			return refuse(InvalidBatchEntryID, "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most %d letters long.", maxBatchID)
		}
		if seen[id] {
			return refuse(BatchEntryIDsNotDistinct, "Id %s repeated.", id)
		}
		seen[id] = true
	}
	return nil
}
