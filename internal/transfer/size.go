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
// which 10,000 parts are enough. If wanted is not 0 it is that, or an error that says what would do.
func PartSize(size, wanted int64) (int64, error) {
	least := int64(smallestPart)
	for least < glacier.MaxPartSize && size > least*glacier.MaxParts {
		least *= 2
	}
	switch {
	case size > glacier.MaxArchiveSize:
		return 0, fmt.Errorf("it has %d bytes, and an archive has at most %d", size, int64(glacier.MaxArchiveSize))
	case wanted == 0:
		return least, nil
	case !glacier.ValidPartSize(wanted):
		return 0, fmt.Errorf("a part size of %d bytes: it must be a power of two from 1 MiB to 4 GiB", wanted)
	case size > wanted*glacier.MaxParts:
		return 0, fmt.Errorf("%d bytes in parts of %d MiB are more than %d parts; use parts of %d MiB or more",
			size, wanted/glacier.MiB, glacier.MaxParts, least/glacier.MiB)
	}
	return wanted, nil
}
