package record

import (
	"reflect"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"firn/treehash"
)

func entities() []Entity {
	return []Entity{
		&Counter{Counter: PayloadCounter, Next: 1025},
		&Account{ID: "111122223333", Created: 1},
		&AccessKey{Number: 7, ID: "AKIA", Account: "111122223333", Secret: []byte{1, 2}, Created: 1},
		&Vault{ID: 3, Account: "111122223333", Name: "photos", Created: 5},
		&Vault{ID: 3, Account: "111122223333", Name: "photos", Created: 5, Inventory: Inventory{Snapshot: 1, Completed: 2, Head: 3, Archives: 4, Bytes: 5}},
		&Vault{ID: 3, Account: "111122223333", Name: "photos", Created: 5, Inventory: Inventory{Snapshot: 1, Completed: 2, Head: 3, Archives: 4, Bytes: 5, Payload: 6, LSN: 7, PayloadSize: 8}},
		&Tags{Vault: 3, Tags: map[string]string{"a": "", "ключ": "значение"}},
		&Archive{Vault: 3, ID: 9, Public: "id", Description: "d", Created: 1, Size: 3 << 20, TreeHash: treehash.Hash{1},
			Pieces: []Piece{{Payload: 1, Size: 2 << 20, TreeHash: treehash.Hash{2}}, {Payload: 2, LSN: 8, Size: 1 << 20}}},
		&Archive{Vault: 3, ID: 9, Public: "old", Created: 1, Size: 1, Deleted: true, Witnessed: 2, Imported: 3},
		&Archive{Vault: 3, ID: 9, Public: "id", Created: 1, Size: 1, Token: "t"},
		&Upload{Vault: 3, ID: 10, Public: "u", PartSize: 1 << 20, Created: 3},
		&Upload{Vault: 3, ID: 10, Public: "u", PartSize: 1 << 20, Created: 3, Import: "old", ImportCreated: 1},
		&Part{Upload: 10, Index: 4, Size: 1, Payload: 12, LSN: 13, Received: 4},
		&Payload{ID: 12, LSN: 13, Size: 1, Vault: 3},
		&Job{Vault: 3, ID: 14, Public: "j", Action: "ArchiveRetrieval", Tier: "Bulk", Created: 1, Status: "InProgress", Archive: 9, Last: 5},
		&Job{Vault: 3, ID: 15, Public: "j", Action: "Select", Tier: "Standard", Created: 1, Status: "Succeeded", Archive: 9, OutputSize: 3,
			SelectParameters: []byte("{}"), OutputLocation: []byte(`{"S3":{}}`), OutputPath: "runs/j/", OutputParts: 2, Caller: "444455556666"},
		&Clock{Skew: -12, Born: 13, Down: 14, Seen: 15, Credit: 16},
		&AccessKey{Number: 7, ID: "AKIA", Account: "111122223333", Secret: []byte{1, 2}, Created: 1, User: 15, Disabled: true},
		&User{Number: 15, Account: "111122223333", Name: "alice", Public: "AIDA", Created: 1,
			Managed: []string{"A", "B"}, Inline: map[string]string{"own": "{}"}},
		&VaultPolicy{Vault: 3, Policy: "{ }"},
		&VaultLock{Vault: 3, Public: "lock", Policy: "{}", Created: 1, Expires: 2, Witnessed: 3, Locked: true},
		&RetrievalPolicy{Account: "111122223333", Strategy: "BytesPerHour", BytesPerHour: 7},
		&RetrievalUsage{Account: "111122223333", Day: 20000, Bytes: 8},
		&Notifications{Vault: 3, Topic: "arn", Events: []string{"a", "b"}},
		&Topic{Number: 17, Account: "111122223333", Name: "t", Created: 1, Attributes: map[string]string{"a": "b"}, Tags: map[string]string{"c": ""}},
		&Subscription{Topic: 17, Number: 18, Account: "111122223333", Public: "s", Protocol: "http", Endpoint: "e", Created: 1,
			Confirmed: true, Attributes: map[string]string{"a": "b"}},
		&Message{Topic: 17, Number: 19, Public: "m", Published: 1, Subject: "s", Body: "b", Attributes: map[string]Attribute{"a": {Type: "String", Value: "v"}}},
		&Delivery{Subscription: 18, Message: 19, Topic: 17, Tries: 1, Next: 2, Dead: 3, Reason: "r"},
		&Queue{Number: 20, Account: "111122223333", Name: "q", Created: 1, Modified: 2, Attributes: map[string]string{"a": "b"}},
		&QueueMessage{Queue: 20, Number: 21, Public: "m", Body: "b", Attributes: map[string]Attribute{"a": {Type: "String", Value: "v"}}, Sent: 1, Sender: "s", Visible: 2},
		&Capacity{Number: 16, Account: "111122223333", Public: "unit", Start: 1, Expires: 2},
	}
}

func TestEveryEntitySurvivesItsImage(t *testing.T) {
	for _, e := range entities() {
		var r Record
		r.Put(e)
		if got := r.Images[0].Key; got != e.Key() || got.Kind == 0 {
			t.Errorf("%T: image has key %v, entity %v", e, got, e.Key())
		}
		got := fresh(e)
		if err := Decode(r.Images[0].Body, got); err != nil {
			t.Errorf("%T: %v", e, err)
		}
		if diff := cmp.Diff(e, got, cmpopts.IgnoreUnexported(Piece{}, Attribute{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%T changed (-want +got):\n%s", e, diff)
		}
	}
}

func TestFieldsOfANewerVersionAreKept(t *testing.T) {
	for _, e := range entities() {
		body := encode(e)
		var fields map[uint64]cbor.RawMessage
		if err := cbor.Unmarshal(body, &fields); err != nil {
			t.Fatal(err)
		}
		fields[999] = cbor.RawMessage{0x63, 'n', 'e', 'w'}
		newer, err := encMode.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		got := fresh(e)
		if err := Decode(newer, got); err != nil {
			t.Fatalf("%T: %v", e, err)
		}
		if diff := cmp.Diff(newer, encode(got)); diff != "" {
			t.Errorf("%T lost a newer version's field:\n%s", e, diff)
		}
	}
}

func TestImagesSurviveTheirEncoding(t *testing.T) {
	var r Record
	for _, e := range entities() {
		r.Put(e)
	}
	r.Delete(PayloadKey(12))
	got, err := ParseImages(AppendImages(nil, r.Images))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.Images, got); diff != "" {
		t.Errorf("images changed (-want +got):\n%s", diff)
	}
	if !got[len(got)-1].Tombstone() || got[0].Tombstone() {
		t.Error("a tombstone is not what it was")
	}
}

func FuzzParseImages(f *testing.F) {
	var r Record
	for _, e := range entities() {
		r.Put(e)
	}
	r.Delete(PayloadKey(12))
	f.Add(AppendImages(nil, r.Images))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		images, err := ParseImages(b)
		if err != nil {
			return
		}
		again, err := ParseImages(AppendImages(nil, images))
		if err != nil {
			t.Fatalf("own encoding refused: %v", err)
		}
		if diff := cmp.Diff(images, again, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("images changed:\n%s", diff)
		}
	})
}

func fresh(e Entity) Entity {
	return reflect.New(reflect.TypeOf(e).Elem()).Interface().(Entity)
}
