import CoreMetrics
import Observability

/// What the relay counts.
struct RelayMetrics {
    let senders = Meter(.surveySenders)
    let inFlight = Meter(.surveyInFlight)
    let delivered = Counter(.surveyDelivered)
    let acknowledged = Counter(.surveyAcknowledged)
    let database = DatabaseVitals()
}
