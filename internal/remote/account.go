package remote

import (
	"context"
	"net/http"

	"firn/glacier"
)

// RetrievalPolicy is the account's data retrieval policy.
func (s *Service) RetrievalPolicy(ctx context.Context) (glacier.RetrievalRules, error) {
	var d glacier.DataRetrieval
	if err := s.get(ctx, s.path("policies", "data-retrieval"), &d); err != nil || d.Policy == nil {
		return glacier.RetrievalRules{}, err
	}
	return *d.Policy, nil
}

// SetRetrievalPolicy sets it.
func (s *Service) SetRetrievalPolicy(ctx context.Context, rules glacier.RetrievalRules) error {
	_, err := s.change(ctx, call{method: http.MethodPut, path: s.path("policies", "data-retrieval")}, glacier.DataRetrieval{Policy: &rules})
	return err
}

// Capacity lists the account's provisioned capacity units.
func (s *Service) Capacity(ctx context.Context) ([]glacier.Capacity, error) {
	var list glacier.CapacityList
	err := s.get(ctx, s.path("provisioned-capacity"), &list)
	return list.ProvisionedCapacityList, err
}

// BuyCapacity buys a unit. It is not repeated if the reply is lost.
func (s *Service) BuyCapacity(ctx context.Context) (string, error) {
	h, err := s.tell(ctx, call{method: http.MethodPost, path: s.path("provisioned-capacity"), once: true})
	if err != nil {
		return "", err
	}
	return header(h, glacier.HeaderCapacityID)
}
