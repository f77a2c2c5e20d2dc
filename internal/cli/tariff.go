package cli

import (
	"fmt"
	"strings"

	"firn/glacier"
	"firn/internal/price"
)

// Tariff reads the values of --tier and --price: the tier as the API writes it,
// and what its retrievals cost at an endpoint. If no price is given that is
// Amazon's list at Amazon, and nothing elsewhere.
func Tariff(endpoint, tier, dollars string) (string, price.List, error) {
	for _, known := range []string{glacier.Expedited, glacier.Standard, glacier.Bulk} {
		if !strings.EqualFold(tier, known) {
			continue
		}
		switch {
		case dollars != "":
			list, err := price.Parse(dollars)
			if err != nil {
				err = fmt.Errorf("--price: %w", err)
			}
			return known, list, err
		case IsAmazon(endpoint):
			return known, price.Amazon(known), nil
		}
		return known, price.List{}, nil
	}
	return "", price.List{}, fmt.Errorf("--tier %q is none of Expedited, Standard, Bulk", tier)
}
