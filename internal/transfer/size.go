package transfer

import (
	"errors"
	"fmt"

	"firn/glacier"
)

// ErrEmpty is the error of an archive without bytes. The API has none.
var ErrEmpty = errors.New("it is empty, and a vault keeps no empty archives")

// smallestPart is the size of parts and chunks where more than one size will do. Every request costs.
const smallestPart = 16 * glacier.MiB

// PartSize returns the size of the parts that an archive of a size is cut into: the smallest power of two from 16 MiB with
// which 10,000 parts are enough. If wanted is not 0 it is that, as long as 10,000 are enough. An archive that is too large in
// any case is a *[SizeError].
func PartSize(size, wanted int64) (int64, error) {
	switch {
	case size > glacier.MaxArchiveSize:
		return 0, &SizeError{size}
	case wanted == 0:
		return max(smallestPart, minimum(size)), nil
	case !glacier.ValidPartSize(wanted):
		return 0, fmt.Errorf("a part size of %d bytes: it must be a power of two from 1 MiB to 4 GiB", wanted)
	}
	return max(wanted, minimum(size)), nil
}

// minimum is the smallest size of parts with which 10,000 are enough.
func minimum(size int64) int64 {
	least := int64(glacier.MinPartSize)
	for least < glacier.MaxPartSize && size > least*glacier.MaxParts {
		least *= 2
	}
	return least
}

// A SizeError is an archive that is larger than any can be.
type SizeError struct{ Size int64 }

func (e *SizeError) Error() string {
	return fmt.Sprintf("it has %d bytes, and an archive has at most %d", e.Size, int64(glacier.MaxArchiveSize))
}
