package catalog

import (
	"database/sql"

	"firn/glacier"
	"firn/internal/record"
)

const (
	selectNotifications = "SELECT image FROM notifications WHERE vault = $1"

	selectTopic     = "SELECT image FROM topics WHERE account = $1 AND name = $2 ORDER BY id DESC LIMIT 1"
	selectTopicByID = "SELECT image FROM topics WHERE id = $1"
	selectTopics    = "SELECT image FROM topics WHERE account = $1 AND name > $2 ORDER BY name LIMIT $3"
	countTopics     = "SELECT COUNT(*) FROM topics WHERE account = $1"

	selectSubscription   = "SELECT image FROM subscriptions WHERE public = $1 LIMIT 1"
	selectSubscriptions  = "SELECT image FROM subscriptions WHERE topic = $1 AND id > $2 ORDER BY id LIMIT $3"
	selectSubscriptionID = "SELECT image FROM subscriptions WHERE topic = $1 AND id = $2"
	selectSubscribed     = "SELECT image FROM subscriptions WHERE account = $1 AND id > $2 ORDER BY id LIMIT $3"

	selectMessage  = "SELECT image FROM messages WHERE topic = $1 AND id = $2"
	selectMessages = "SELECT image FROM messages WHERE topic = $1 AND id > $2 ORDER BY id LIMIT $3"

	selectDelivery = "SELECT image FROM deliveries WHERE subscription = $1 AND message = $2"
	// Those that have waited for their next try go by when it is due; most never
	// had to, and go by the order in which they were published.
	selectDue        = "SELECT image FROM deliveries WHERE subscription = $1 AND dead = 0 AND due <= $2 ORDER BY due, message LIMIT $3"
	selectDeliveries = "SELECT image FROM deliveries WHERE subscription = $1 AND message > $2 ORDER BY message LIMIT $3"
	selectDead       = "SELECT image FROM deliveries WHERE topic = $1 AND dead > 0 AND message > $2 ORDER BY message, subscription LIMIT $3"
	countDeliveries  = "SELECT COUNT(*) FROM deliveries WHERE message = $1"
	// One search for each subscription that has something to be delivered.
	selectWaiting = "SELECT subscription, MIN(due), MIN(topic) FROM deliveries WHERE dead = 0 AND subscription > $1 GROUP BY subscription ORDER BY subscription LIMIT $2"
)

// Notifications returns a vault's notifications.
func (tx *Tx) Notifications(vault uint64) (n record.Notifications, ok bool, err error) {
	return one[record.Notifications](tx, selectNotifications, num(vault))
}

// Topic looks a topic up by name.
func (tx *Tx) Topic(account glacier.AccountID, name string) (t record.Topic, ok bool, err error) {
	return one[record.Topic](tx, selectTopic, accountNumber(account), name)
}

// TopicByNumber looks a topic up by number.
func (tx *Tx) TopicByNumber(n uint64) (t record.Topic, ok bool, err error) {
	return one[record.Topic](tx, selectTopicByID, num(n))
}

// Topics lists an account's topics by name, those after the name given.
func (tx *Tx) Topics(account glacier.AccountID, after string, limit int) ([]record.Topic, error) {
	return list[record.Topic](tx, limit, selectTopics, accountNumber(account), after)
}

// CountTopics counts an account's topics.
func (tx *Tx) CountTopics(account glacier.AccountID) (int64, error) {
	return tx.number(countTopics, accountNumber(account))
}

// Subscription looks a subscription up by its public id.
func (tx *Tx) Subscription(public string) (s record.Subscription, ok bool, err error) {
	return one[record.Subscription](tx, selectSubscription, public)
}

// SubscriptionByNumber looks a topic's subscription up by number.
func (tx *Tx) SubscriptionByNumber(topic, n uint64) (s record.Subscription, ok bool, err error) {
	return one[record.Subscription](tx, selectSubscriptionID, num(topic), num(n))
}

// Subscriptions lists a topic's subscriptions by number, those with numbers
// above after.
func (tx *Tx) Subscriptions(topic, after uint64, limit int) ([]record.Subscription, error) {
	return list[record.Subscription](tx, limit, selectSubscriptions, num(topic), bound(after))
}

// SubscriptionsOf lists the subscriptions that an account has made, by number,
// those with numbers above after.
func (tx *Tx) SubscriptionsOf(account glacier.AccountID, after uint64, limit int) ([]record.Subscription, error) {
	return list[record.Subscription](tx, limit, selectSubscribed, accountNumber(account), bound(after))
}

// Message looks a topic's message up.
func (tx *Tx) Message(topic, n uint64) (m record.Message, ok bool, err error) {
	return one[record.Message](tx, selectMessage, num(topic), num(n))
}

// Messages lists a topic's messages by number, those with numbers above after.
func (tx *Tx) Messages(topic, after uint64, limit int) ([]record.Message, error) {
	return list[record.Message](tx, limit, selectMessages, num(topic), bound(after))
}

// Delivery looks the delivery of a message to a subscription up.
func (tx *Tx) Delivery(subscription, message uint64) (d record.Delivery, ok bool, err error) {
	return one[record.Delivery](tx, selectDelivery, num(subscription), num(message))
}

// DueDeliveries lists a subscription's deliveries that are due by the instant
// (Unix ms) and not given up, in the order in which they are to be tried.
func (tx *Tx) DueDeliveries(subscription uint64, by int64, limit int) ([]record.Delivery, error) {
	return list[record.Delivery](tx, limit, selectDue, num(subscription), by)
}

// Deliveries lists all of a subscription's deliveries by message, those of
// messages above after.
func (tx *Tx) Deliveries(subscription, after uint64, limit int) ([]record.Delivery, error) {
	return list[record.Delivery](tx, limit, selectDeliveries, num(subscription), bound(after))
}

// DeadLetters lists a topic's deliveries that were given up, by message, those
// of messages above after.
func (tx *Tx) DeadLetters(topic, after uint64, limit int) ([]record.Delivery, error) {
	return list[record.Delivery](tx, limit, selectDead, num(topic), bound(after))
}

// CountDeliveries counts the deliveries of a message that have not been made.
func (tx *Tx) CountDeliveries(message uint64) (int64, error) {
	return tx.number(countDeliveries, num(message))
}

// A Waiting subscription has deliveries that are to be made.
type Waiting struct {
	Subscription, Topic uint64
	Due                 int64 // of the first, Unix ms
}

// WaitingSubscriptions lists the subscriptions of all topics that have
// deliveries to be made, by number, those with numbers above after.
func (tx *Tx) WaitingSubscriptions(after uint64, limit int) (waiting []Waiting, err error) {
	if limit <= 0 {
		return nil, nil
	}
	err = tx.each(selectWaiting, []any{bound(after), int64(limit)}, func(rows *sql.Rows) error {
		var subscription, due, topic int64
		if err := rows.Scan(&subscription, &due, &topic); err != nil {
			return undecodable(selectWaiting, err)
		}
		waiting = append(waiting, Waiting{Subscription: uint64(subscription), Topic: uint64(topic), Due: due})
		return nil
	})
	return waiting, err
}
