package record

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/fxamacker/cbor/v2"
)

// The modes are immutable and safe for concurrent use.
var (
	encMode = must(cbor.EncOptions{Sort: cbor.SortCoreDeterministic}.EncMode())
	decMode = must(cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		MaxArrayElements: maxElements,
		MaxMapPairs:      maxElements,
		MaxNestedLevels:  8,
	}.DecMode())
	strictMode = must(cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		MaxArrayElements:  maxElements,
		MaxMapPairs:       maxElements,
		MaxNestedLevels:   8,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
	}.DecMode())
)

// maxElements bounds every list in an image and every image list in a record:
// the longest are the pieces of an archive and the tombstones of an upload.
const maxElements = 65_536

func must[T any](v T, err error) T {
	if err != nil {
		panic("record: " + err.Error()) // the options above are wrong
	}
	return v
}

// encode returns an entity's image body.
func encode(e Entity) []byte {
	body := must(encMode.Marshal(e))
	extra := extraOf(e)
	if len(*extra) == 0 {
		return body
	}
	fields := map[uint64]cbor.RawMessage{}
	if err := decMode.Unmarshal(body, &fields); err != nil {
		panic("record: " + err.Error())
	}
	for n, raw := range *extra {
		fields[n] = raw
	}
	return must(encMode.Marshal(fields))
}

// Decode fills e from an image's body. Fields that e does not know are kept
// in its Extra.
func Decode(body []byte, e Entity) error {
	err := strictMode.Unmarshal(body, e)
	var unknown *cbor.UnknownFieldError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &unknown):
		return fmt.Errorf("decode %T: %w", e, err)
	}
	if err := decMode.Unmarshal(body, e); err != nil {
		return fmt.Errorf("decode %T: %w", e, err)
	}
	return keepUnknown(body, e)
}

// keepUnknown puts the fields of body that e would not write into its Extra.
func keepUnknown(body []byte, e Entity) error {
	var fields map[uint64]cbor.RawMessage
	if err := decMode.Unmarshal(body, &fields); err != nil {
		return fmt.Errorf("decode unknown fields of %T: %w", e, err)
	}
	known := knownFields(reflect.TypeOf(e).Elem())
	extra := Extra{}
	for n, raw := range fields {
		if !known[n] {
			extra[n] = raw
		}
	}
	*extraOf(e) = extra
	return nil
}

// extraOf points to the entity's Extra, which every entity has.
func extraOf(e Entity) *Extra {
	return reflect.ValueOf(e).Elem().FieldByName("Extra").Addr().Interface().(*Extra)
}

// knownFields lists the field numbers in a struct's tags.
func knownFields(t reflect.Type) map[uint64]bool {
	known := map[uint64]bool{}
	for f := range t.Fields() {
		var n uint64
		if _, err := fmt.Sscanf(f.Tag.Get("cbor"), "%d,keyasint", &n); err == nil {
			known[n] = true
		}
	}
	return known
}

// wireImage is an image inside a record's metadata.
type wireImage struct {
	_    struct{} `cbor:",toarray"`
	Kind Kind
	A, B uint64
	Body []byte // null is a tombstone
}

// AppendImages appends the encoding of a record's images to b.
func AppendImages(b []byte, images []Image) []byte {
	wire := make([]wireImage, len(images))
	for i, im := range images {
		wire[i] = wireImage{Kind: im.Key.Kind, A: im.Key.A, B: im.Key.B, Body: im.Body}
	}
	return append(b, must(encMode.Marshal(wire))...)
}

// ParseImages is the inverse of AppendImages. The images share no memory
// with b.
func ParseImages(b []byte) ([]Image, error) {
	var wire []wireImage
	if err := decMode.Unmarshal(b, &wire); err != nil {
		return nil, fmt.Errorf("decode images: %w", err)
	}
	images := make([]Image, len(wire))
	for i, w := range wire {
		images[i] = Image{Key: Key{Kind: w.Kind, A: w.A, B: w.B}, Body: w.Body}
	}
	return images, nil
}
