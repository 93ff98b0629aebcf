using IntegrationHub.Delivery.Amqp;

namespace IntegrationHub.Tests.Delivery.Amqp;

public sealed class SasTokenTests
{
    [Fact]
    public void A_token_is_the_one_that_another_implementation_makes() => Assert.Equal(
        "SharedAccessSignature sr=sb%3A%2F%2Facme.servicebus.windows.net%2Fcrm&sig=rnTulT6VUtaS%2BsMe9h7StZF43L%2FWI%2FHhHPbUPDi4T%2FU%3D&se=1790000000&skn=send%20only",
        SasToken.Create("sb://acme.servicebus.windows.net/crm", "send only", "c2VjcmV0LWtleS1vZi1hLXRlc3Q=", DateTimeOffset.FromUnixTimeSeconds(1_790_000_000)));
}
