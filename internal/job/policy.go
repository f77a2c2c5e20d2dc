package job

import (
	"context"
	"fmt"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// SetDataRetrievalPolicy sets what an account may retrieve at tier Standard
// from the next job on. p is nil if the request had no body.
func (s *Service) SetDataRetrievalPolicy(ctx context.Context, owner glacier.AccountID, p *glacier.DataRetrieval) error {
	strategy, perHour, err := parsePolicy(p)
	if err != nil {
		return err
	}
	return s.update(ctx, "SetDataRetrievalPolicy", func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		p, err := retrievalPolicy(tx, owner)
		if err != nil || p.Strategy == strategy && p.BytesPerHour == perHour {
			return r, err
		}
		p.Strategy, p.BytesPerHour = strategy, perHour
		r.Put(&p)
		return r, nil
	})
}

// GetDataRetrievalPolicy returns an account's policy, which is not to limit
// anything until it sets one.
func (s *Service) GetDataRetrievalPolicy(ctx context.Context, owner glacier.AccountID) (glacier.DataRetrieval, error) {
	var p record.RetrievalPolicy
	err := s.cfg.Store.View(ctx, func(tx *catalog.Tx) (err error) {
		p, err = retrievalPolicy(tx, owner)
		return err
	})
	if err != nil {
		return glacier.DataRetrieval{}, err
	}
	rule := glacier.RetrievalRule{Strategy: &p.Strategy}
	if p.Strategy == glacier.BytesPerHour {
		rule.BytesPerHour = &p.BytesPerHour
	}
	return glacier.DataRetrieval{Policy: &glacier.RetrievalRules{Rules: []glacier.RetrievalRule{rule}}}, nil
}

// parsePolicy returns the one rule of a policy. bytesPerHour is 0 for the
// strategies that have none.
func parsePolicy(p *glacier.DataRetrieval) (strategy string, bytesPerHour int64, err error) {
	switch {
	case p == nil, p.Policy == nil:
		return "", 0, glacier.MissingParameter("Policy")
	case p.Policy.Rules == nil:
		return "", 0, glacier.MissingParameter("Rules")
	case len(p.Policy.Rules) != 1:
		return "", 0, invalid("Invalid number of rules: %d. A data retrieval policy must have exactly one.", len(p.Policy.Rules))
	}
	rule := p.Policy.Rules[0]
	strategy = text(rule.Strategy)
	switch strategy {
	case "":
		return "", 0, glacier.MissingParameter("Strategy")
	case glacier.NoLimit, glacier.FreeTier:
		if rule.BytesPerHour != nil {
			return "", 0, invalid("BytesPerHour must not be given for strategy %s.", strategy)
		}
		return strategy, 0, nil
	case glacier.BytesPerHour:
	default:
		return "", 0, invalid("Invalid strategy: %s. It must be %s, %s or %s.", strategy, glacier.BytesPerHour, glacier.FreeTier, glacier.NoLimit)
	}
	switch {
	case rule.BytesPerHour == nil:
		return "", 0, glacier.MissingParameter("BytesPerHour")
	case *rule.BytesPerHour < 1:
		return "", 0, invalid("Invalid BytesPerHour: %d. It must be at least 1.", *rule.BytesPerHour)
	}
	return strategy, *rule.BytesPerHour, nil
}

// retrievalPolicy looks up the policy that an account has set, or the one that
// it has until then.
func retrievalPolicy(tx *catalog.Tx, owner glacier.AccountID) (record.RetrievalPolicy, error) {
	p, ok, err := tx.RetrievalPolicy(owner)
	if err != nil {
		return p, fmt.Errorf("look up retrieval policy: %w", err)
	}
	if !ok {
		p = record.RetrievalPolicy{Account: owner, Strategy: glacier.NoLimit}
	}
	return p, nil
}
