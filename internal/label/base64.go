package label

import "encoding/base64"

// decode reads Base64 as the Perl that wrote it does: of either alphabet, padded or not; what is not of the alphabet is skipped, and the
// padding is the end.
func decode(s string) []byte {
	digits := make([]byte, 0, len(s))
	for i := range len(s) {
		switch c := s[i]; {
		case c == '=':
			return decodeDigits(digits)
		case c == '-':
			digits = append(digits, '+')
		case c == '_':
			digits = append(digits, '/')
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '+', c == '/':
			digits = append(digits, c)
		}
	}
	return decodeDigits(digits)
}

func decodeDigits(digits []byte) []byte {
	if len(digits)%4 == 1 {
		digits = digits[:len(digits)-1] // six bits are no byte
	}
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(digits)))
	n, _ := base64.RawStdEncoding.Decode(out, digits) // nothing is left that it could refuse
	return out[:n]
}
