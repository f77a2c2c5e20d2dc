package catalog

import (
	"bytes"
	"fmt"

	"firn/internal/record"
	"firn/internal/sqlite"
)

const (
	insertState = "INSERT INTO state (one, pool, version, segment, place, lsn, crc, time) VALUES (1, $1, $2, 0, 0, 0, 0, 0)"
	// These two columns stay what they are in every version.
	selectIdentity = "SELECT pool, version FROM state WHERE one = 1"
	selectState    = "SELECT segment, place, lsn, crc, time FROM state WHERE one = 1"
	updateState    = "UPDATE state SET segment = $1, place = $2, lsn = $3, crc = $4, time = $5 WHERE one = 1"
)

// identify makes sure that the catalog is one of the pool and of this version.
func (s *session) identify(pool [16]byte) error {
	var whose []byte
	var of int64
	ok, err := s.row(selectIdentity, nil, &whose, &of)
	switch {
	case sqlite.Senseless(sqlite.Code(err)):
		return ErrForeign
	case err != nil:
		return err
	case !ok:
		return fmt.Errorf("%w: it does not say what it is", ErrDamaged)
	case of != version || !bytes.Equal(whose, pool[:]):
		return ErrForeign
	}
	return nil
}

// readState returns the row in which the catalog speaks of itself.
func (s *session) readState() (state, error) {
	var segment, place, lsn, crc, time int64
	_, err := s.row(selectState, nil, &segment, &place, &lsn, &crc, &time)
	if err != nil {
		return state{}, err
	}
	return state{
		Position: Position{Segment: uint64(segment), Offset: place, LSN: record.LSN(lsn), CRC: uint32(crc)},
		time:     time,
	}, nil
}

func (s *session) writeState(st state) error {
	return s.exec(updateState, num(st.Segment), st.Offset, num(uint64(st.LSN)), int64(st.CRC), st.time)
}
