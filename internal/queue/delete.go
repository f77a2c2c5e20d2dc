package queue

import (
	"container/heap"
	"context"
	"slices"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// An Entry of a batch names a message by a receipt handle.
type Entry struct {
	ID         string
	Handle     string
	Visibility *int // seconds, for a change of visibility; nil is 0
}

// A Result is what became of an entry of a batch.
type Result struct {
	ID  string
	Err error // an *Error; nil is success
}

func badHandle(text string) *Error {
	const most = 128
	if len(text) > most || !plainText(text) {
		text = "…"
	}
	return refuse(ReceiptHandleIsInvalid, "The input receipt handle %q is not a valid receipt handle.", text)
}

// open reads a receipt handle of a queue.
func (s *Service) open(text string, queue uint64) (handle, error) {
	if text == "" {
		return handle{}, refuse(MissingParameter, "The request must contain the parameter ReceiptHandle.")
	}
	h, ok := s.handles.open(text)
	if !ok || h.queue != queue {
		return handle{}, badHandle(text)
	}
	return h, nil
}

// DeleteMessage ends a message. When it returns without an error that is on
// the medium. Every handle that was ever given out for the message will do, that
// of an earlier receive and of an earlier process too: whoever has it has done
// the work. That the message is gone already is a success.
func (s *Service) DeleteMessage(ctx context.Context, owner glacier.AccountID, name, handle string) error {
	results, err := s.delete(ctx, owner, name, []Entry{{Handle: handle}})
	if err != nil {
		return err
	}
	return results[0].Err
}

// DeleteMessages ends the messages of a batch. Each ends or is refused by
// itself; the results have the order of the entries. All of it is one record.
func (s *Service) DeleteMessages(ctx context.Context, owner glacier.AccountID, name string, batch []Entry) ([]Result, error) {
	if err := checkBatch("DeleteMessageBatchRequestEntry", len(batch), func(i int) string { return batch[i].ID }); err != nil {
		return nil, err
	}
	return s.delete(ctx, owner, name, batch)
}

func (s *Service) delete(ctx context.Context, owner glacier.AccountID, name string, batch []Entry) (results []Result, err error) {
	var queue uint64
	var ended []uint64
	err = s.update(ctx, owner, name, func(tx *catalog.Tx, q *record.Queue, r *record.Record) error {
		results, ended, queue = make([]Result, len(batch)), nil, q.Number
		for i, e := range batch {
			results[i].ID = e.ID
			h, err := s.open(e.Handle, q.Number)
			if results[i].Err = err; err != nil || slices.Contains(ended, h.message) {
				continue
			}
			ended = append(ended, h.message)
			m, ok, err := tx.QueueMessage(q.Number, h.message)
			if err != nil {
				return err
			}
			if ok {
				r.Delete(m.Key())
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if st := s.known(queue); st != nil {
		st.end(ended)
	}
	return results, nil
}

// ChangeVisibility sets for how long from now a message stays invisible that is
// in flight. The handle must be that of its last receive.
func (s *Service) ChangeVisibility(ctx context.Context, owner glacier.AccountID, name, handle string, seconds int) error {
	results, err := s.changeVisibility(ctx, owner, name, []Entry{{Handle: handle, Visibility: &seconds}})
	if err != nil {
		return err
	}
	return results[0].Err
}

// ChangeVisibilities does so for a batch. Each entry is changed or refused by
// itself; the results have the order of the entries.
func (s *Service) ChangeVisibilities(ctx context.Context, owner glacier.AccountID, name string, batch []Entry) ([]Result, error) {
	if err := checkBatch("ChangeMessageVisibilityBatchRequestEntry", len(batch), func(i int) string { return batch[i].ID }); err != nil {
		return nil, err
	}
	return s.changeVisibility(ctx, owner, name, batch)
}

func (s *Service) changeVisibility(ctx context.Context, owner glacier.AccountID, name string, batch []Entry) (results []Result, err error) {
	err = s.view(ctx, owner, name, func(tx *catalog.Tx, q *record.Queue) error {
		results = make([]Result, len(batch))
		for i, e := range batch {
			results[i].ID = e.ID
			h, err := s.open(e.Handle, q.Number)
			if err == nil {
				err = checkVisibility(e.Visibility)
			}
			if err != nil {
				results[i].Err = err
				continue
			}
			var seconds int
			if e.Visibility != nil {
				seconds = *e.Visibility
			}
			if results[i].Err, err = s.prolong(tx, h, time.Duration(seconds)*time.Second, e.Handle); err != nil {
				return err
			}
		}
		return nil
	})
	return results, err
}

// prolong changes the visibility of one message. To do so twice is no harm.
func (s *Service) prolong(tx *catalog.Tx, h handle, timeout time.Duration, text string) (refusal, err error) {
	if st := s.known(h.queue); st != nil {
		if found, refusal := st.prolong(h, timeout); found {
			return refusal, nil
		}
	}
	_, ok, err := tx.QueueMessage(h.queue, h.message)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return invalid("ReceiptHandle", text, "Message does not exist or is not available for visibility timeout change."), nil
	}
	return refuse(MessageNotInflight, "The message referred to isn't in flight."), nil
}

// prolong changes the visibility of a message that is in flight.
func (st *state) prolong(h handle, timeout time.Duration) (found bool, refusal error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.settle()
	f := st.flights[h.message]
	if f == nil || f.at == nowhere || f.receives == 0 || f.receive != h.receive {
		return false, nil
	}
	now := st.s.clock()
	if now-f.received+timeout > MaxVisibility {
		return true, refuse(InvalidParameterValue,
			"Value %d for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [%d seconds].",
			int(timeout.Seconds()), int(MaxVisibility.Seconds()))
	}
	f.due = now + timeout
	heap.Fix(&st.hidden, f.at)
	if timeout == 0 {
		st.settle()
		st.wakeFirst()
	}
	st.arm()
	return true, nil
}
