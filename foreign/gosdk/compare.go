package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"

	"github.com/aws/smithy-go"
)

// first returns the first error of its list, so that a step reads as a list of what must hold.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func same(what string, got, want any) error {
	if reflect.DeepEqual(got, want) {
		return nil
	}
	return fmt.Errorf("%s: got %.400q, want %.400q", what, fmt.Sprint(got), fmt.Sprint(want))
}

// refused checks that err is the API's error with this code and message; an empty message stands for any.
func refused(what string, err error, code, message string) error {
	if err == nil {
		return fmt.Errorf("%s: not refused", what)
	}
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code {
		return fmt.Errorf("%s: got %w, want %s", what, err, code)
	}
	if message != "" {
		return same(what, api.ErrorMessage(), message)
	}
	return nil
}

// treeHash is written from the definition, so that neither client nor server is its own judge.
func treeHash(data []byte) string {
	var level [][]byte
	for at := 0; at < len(data); at += mib {
		sum := sha256.Sum256(data[at:min(at+mib, len(data))])
		level = append(level, sum[:])
	}
	for len(level) > 1 {
		var next [][]byte
		for i := 0; i < len(level); i += 2 {
			if i+1 == len(level) {
				next = append(next, level[i])
				continue
			}
			sum := sha256.Sum256(append(append([]byte{}, level[i]...), level[i+1]...))
			next = append(next, sum[:])
		}
		level = next
	}
	return hex.EncodeToString(level[0])
}

// isNode says whether bytes first..last of size bytes are one node of its hash tree, and so have a checksum.
func isNode(first, last, size int64) bool {
	if first%mib != 0 || (last != size-1 && (last+1)%mib != 0) {
		return false
	}
	leaves, start, end := (size+mib-1)/mib, first/mib, last/mib+1
	for width := int64(1); ; width *= 2 {
		if start%width == 0 && end == min(start+width, leaves) {
			return true
		}
		if width >= leaves {
			return false
		}
	}
}
