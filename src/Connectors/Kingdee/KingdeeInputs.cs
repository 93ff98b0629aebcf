using System.ComponentModel.DataAnnotations;

namespace IntegrationHub.Connectors.Kingdee;

/// <summary>Input of <c>save_customer</c>.</summary>
public sealed class SaveCustomerInput
{
    /// <summary>Number of the customer, chosen by the caller; a customer of that number is changed, otherwise made.</summary>
    [Required, StringLength(80)]
    public string Number { get; set; } = "";

    /// <summary>Legal name.</summary>
    [Required, StringLength(255)]
    public string Name { get; set; } = "";

    /// <summary>Number of the organisation that creates and uses it.</summary>
    [Required]
    public string Organisation { get; set; } = "";

    /// <summary>Number of the currency.</summary>
    public string Currency { get; set; } = "PRE001";

    /// <summary>Name in daily use.</summary>
    public string? ShortName { get; set; }

    /// <summary>Tax number on invoices.</summary>
    public string? TaxNumber { get; set; }

    /// <summary>Telephone.</summary>
    public string? Phone { get; set; }

    /// <summary>Address.</summary>
    public string? Address { get; set; }
}

/// <summary>Input of <c>submit_customer</c> and <c>audit_customer</c>.</summary>
public sealed class CustomerNumberInput
{
    /// <summary>Number of the customer.</summary>
    [Required, StringLength(80)]
    public string Number { get; set; } = "";
}

/// <summary>Input of <c>create_sales_order</c>.</summary>
public sealed class CreateSalesOrderInput
{
    /// <summary>Number of the order, chosen by the caller.</summary>
    [Required, StringLength(80)]
    public string Number { get; set; } = "";

    /// <summary>Date of the order, <c>yyyy-MM-dd</c>.</summary>
    [Required, RegularExpression(@"\d{4}-\d\d-\d\d", ErrorMessage = "is no date such as 2026-01-31")]
    public string Date { get; set; } = "";

    /// <summary>Number of the selling organisation.</summary>
    [Required]
    public string Organisation { get; set; } = "";

    /// <summary>Number of the customer.</summary>
    [Required]
    public string Customer { get; set; } = "";

    /// <summary>Number of the sales person, where the site asks for one.</summary>
    public string? Seller { get; set; }

    /// <summary>Number of the bill type.</summary>
    public string BillType { get; set; } = "XSDD01_SYS";

    /// <summary>Number of the currency.</summary>
    public string Currency { get; set; } = "PRE001";

    /// <summary>What is ordered.</summary>
    [Required, MinLength(1)]
    public IReadOnlyList<SalesOrderLineInput> Lines { get; set; } = [];
}

/// <summary>One line of an order.</summary>
public sealed class SalesOrderLineInput
{
    /// <summary>Number of the material.</summary>
    [Required]
    public string Material { get; set; } = "";

    /// <summary>Number of the unit.</summary>
    [Required]
    public string Unit { get; set; } = "";

    /// <summary>How many.</summary>
    [Range(typeof(decimal), "0.0000000001", "1000000000000")]
    public decimal Quantity { get; set; }

    /// <summary>Price of one with tax.</summary>
    [Range(typeof(decimal), "0", "1000000000000")]
    public decimal TaxPrice { get; set; }

    /// <summary>Tax rate in percent.</summary>
    [Range(typeof(decimal), "0", "100")]
    public decimal TaxRate { get; set; } = 13;

    /// <summary>Date of delivery, <c>yyyy-MM-dd</c>.</summary>
    public string? DeliveryDate { get; set; }
}
