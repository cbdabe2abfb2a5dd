"""The scaling law beside those of HPA and KEDA, in the same plant, measured against somebody who knows the future."""
