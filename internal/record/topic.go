package record

import "firn/glacier"

// Notifications say which topic hears of a vault's jobs.
type Notifications struct {
	Vault  uint64   `cbor:"1,keyasint"`
	Topic  string   `cbor:"2,keyasint"` // its ARN
	Events []string `cbor:"3,keyasint"` // sorted
	Extra  Extra    `cbor:"-"`
}

// A Topic hands messages on to its subscriptions.
type Topic struct {
	Number     uint64            `cbor:"1,keyasint"`
	Account    glacier.AccountID `cbor:"2,keyasint"`
	Name       string            `cbor:"3,keyasint"`
	Created    int64             `cbor:"4,keyasint"`
	Attributes map[string]string `cbor:"5,keyasint,omitempty"` // those that were set, as they were
	Tags       map[string]string `cbor:"6,keyasint,omitempty"`
	Extra      Extra             `cbor:"-"`
}

// A Subscription is where a topic's messages go.
type Subscription struct {
	Topic      uint64            `cbor:"1,keyasint"`
	Number     uint64            `cbor:"2,keyasint"`
	Account    glacier.AccountID `cbor:"3,keyasint"` // who subscribed
	Public     string            `cbor:"4,keyasint"` // the last part of its ARN, a UUID
	Protocol   string            `cbor:"5,keyasint"`
	Endpoint   string            `cbor:"6,keyasint"`
	Created    int64             `cbor:"7,keyasint"`
	Confirmed  bool              `cbor:"8,keyasint,omitempty"` // until then nothing but the request to confirm is sent
	Attributes map[string]string `cbor:"9,keyasint,omitempty"` // those that were set, as they were
	Extra      Extra             `cbor:"-"`
}

// A Message was published to a topic, and is on its way to at least one
// subscription. It ends with its last delivery.
type Message struct {
	Topic      uint64               `cbor:"1,keyasint"`
	Number     uint64               `cbor:"2,keyasint"`
	Public     string               `cbor:"3,keyasint"` // a UUID
	Published  int64                `cbor:"4,keyasint"`
	Subject    string               `cbor:"5,keyasint,omitempty"`
	Body       string               `cbor:"6,keyasint"`
	Attributes map[string]Attribute `cbor:"7,keyasint,omitempty"`
	Type       string               `cbor:"8,keyasint,omitempty"` // "" is a notification; else the request to confirm a subscription
	Token      string               `cbor:"9,keyasint,omitempty"` // of such a request
	Extra      Extra                `cbor:"-"`
}

// An Attribute of a message is typed: String, Number, Binary, String.Array, or
// one of these with a suffix.
type Attribute struct {
	_     struct{} `cbor:",toarray"`
	Type  string
	Value string // of a Binary, in base64
}

// A Delivery is a message that a subscription has not had yet.
type Delivery struct {
	Subscription uint64 `cbor:"1,keyasint"`
	Message      uint64 `cbor:"2,keyasint"`
	Topic        uint64 `cbor:"3,keyasint"`
	Tries        int64  `cbor:"4,keyasint,omitempty"` // that failed
	Next         int64  `cbor:"5,keyasint"`           // not before this instant
	Dead         int64  `cbor:"6,keyasint,omitempty"` // when it was given up; 0 while it is tried
	Reason       string `cbor:"7,keyasint,omitempty"` // of the last failure
	Extra        Extra  `cbor:"-"`
}

// A Queue keeps messages until somebody takes them.
type Queue struct {
	Number     uint64            `cbor:"1,keyasint"`
	Account    glacier.AccountID `cbor:"2,keyasint"`
	Name       string            `cbor:"3,keyasint"`
	Created    int64             `cbor:"4,keyasint"`
	Modified   int64             `cbor:"5,keyasint"`
	Attributes map[string]string `cbor:"6,keyasint,omitempty"` // those that were set, as they were
	Tags       map[string]string `cbor:"7,keyasint,omitempty"`
	Extra      Extra             `cbor:"-"`
}

// A QueueMessage is in a queue. Whether somebody is at work on it is not kept.
type QueueMessage struct {
	Queue      uint64               `cbor:"1,keyasint"`
	Number     uint64               `cbor:"2,keyasint"`
	Public     string               `cbor:"3,keyasint"` // a UUID
	Body       string               `cbor:"4,keyasint"`
	Attributes map[string]Attribute `cbor:"5,keyasint,omitempty"`
	Sent       int64                `cbor:"6,keyasint"`
	Sender     string               `cbor:"7,keyasint,omitempty"`
	Visible    int64                `cbor:"8,keyasint,omitempty"` // not before this instant: it was sent with a delay
	Extra      Extra                `cbor:"-"`
}

// Key returns the entity's key.
func (e *Notifications) Key() Key { return NotificationsKey(e.Vault) }

// Key returns the entity's key.
func (e *Topic) Key() Key { return Key{KindTopic, e.Number, 0} }

// Key returns the entity's key.
func (e *Subscription) Key() Key { return Key{KindSubscription, e.Topic, e.Number} }

// Key returns the entity's key.
func (e *Message) Key() Key { return Key{KindMessage, e.Topic, e.Number} }

// Key returns the entity's key.
func (e *Delivery) Key() Key { return Key{KindDelivery, e.Subscription, e.Message} }

// Key returns the entity's key.
func (e *Queue) Key() Key { return Key{KindQueue, e.Number, 0} }

// Key returns the entity's key.
func (e *QueueMessage) Key() Key { return Key{KindQueueMessage, e.Queue, e.Number} }

// NotificationsKey is the key of a vault's notifications.
func NotificationsKey(vault uint64) Key { return Key{KindNotifications, vault, 0} }
