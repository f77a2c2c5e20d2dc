package catalog

import (
	"firn/glacier"
	"firn/internal/record"
)

const (
	selectQueue     = "SELECT image FROM queues WHERE account = $1 AND name = $2 ORDER BY id DESC LIMIT 1"
	selectQueueByID = "SELECT image FROM queues WHERE id = $1"
	selectQueues    = "SELECT image FROM queues WHERE account = $1 AND name > $2 ORDER BY name LIMIT $3"
	selectAllQueues = "SELECT image FROM queues WHERE id > $1 ORDER BY id LIMIT $2"
	countQueues     = "SELECT COUNT(*) FROM queues WHERE account = $1"

	selectQueueMessage  = "SELECT image FROM queue_messages WHERE queue = $1 AND id = $2"
	selectQueueMessages = "SELECT image FROM queue_messages WHERE queue = $1 AND id > $2 ORDER BY id LIMIT $3"
	selectOldMessages   = "SELECT image FROM queue_messages WHERE queue = $1 AND sent < $2 ORDER BY sent LIMIT $3"
	countQueueMessages  = "SELECT COUNT(*) FROM queue_messages WHERE queue = $1"
)

// Queue looks a queue up by name.
func (tx *Tx) Queue(account glacier.AccountID, name string) (q record.Queue, ok bool, err error) {
	return one[record.Queue](tx, selectQueue, accountNumber(account), name)
}

// QueueByNumber looks a queue up by number.
func (tx *Tx) QueueByNumber(n uint64) (q record.Queue, ok bool, err error) {
	return one[record.Queue](tx, selectQueueByID, num(n))
}

// Queues lists an account's queues by name, those after the name given.
func (tx *Tx) Queues(account glacier.AccountID, after string, limit int) ([]record.Queue, error) {
	return list[record.Queue](tx, limit, selectQueues, accountNumber(account), after)
}

// AllQueues lists every account's queues by number, those with numbers above
// after.
func (tx *Tx) AllQueues(after uint64, limit int) ([]record.Queue, error) {
	return list[record.Queue](tx, limit, selectAllQueues, bound(after))
}

// CountQueues counts an account's queues.
func (tx *Tx) CountQueues(account glacier.AccountID) (int64, error) {
	return tx.number(countQueues, accountNumber(account))
}

// QueueMessage looks a message in a queue up.
func (tx *Tx) QueueMessage(queue, n uint64) (m record.QueueMessage, ok bool, err error) {
	return one[record.QueueMessage](tx, selectQueueMessage, num(queue), num(n))
}

// QueueMessages lists a queue's messages in the order in which they were sent,
// those with numbers above after.
func (tx *Tx) QueueMessages(queue, after uint64, limit int) ([]record.QueueMessage, error) {
	return list[record.QueueMessage](tx, limit, selectQueueMessages, num(queue), bound(after))
}

// OldQueueMessages lists a queue's messages that were sent before the instant
// (Unix ms), oldest first.
func (tx *Tx) OldQueueMessages(queue uint64, before int64, limit int) ([]record.QueueMessage, error) {
	return list[record.QueueMessage](tx, limit, selectOldMessages, num(queue), before)
}

// CountQueueMessages counts a queue's messages.
func (tx *Tx) CountQueueMessages(queue uint64) (int64, error) {
	return tx.number(countQueueMessages, num(queue))
}
