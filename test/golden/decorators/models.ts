import { belongsTo, CreatedAt, Field, hasMany, Id, Index, Model, Relation, UpdatedAt, Version } from "tenon";
import { z } from "zod";

/** A person. */
@Model({ collection: "people" })
export class Person {
  @Id() id!: number;
  /** Where mail goes. */
  @Field(z.email()) @Index({ unique: true }) email!: string;
  @Field(String, { nullable: true }) name!: string | null;
  @CreatedAt() createdAt!: Date;
  @UpdatedAt() updatedAt!: Date;
  @Version() rev!: number;
  /** What they own. */
  @Relation(hasMany("Pet", { to: "ownerId" })) pets?: Pet[];
}

@Model()
export class Pet {
  @Id({ generate: "uuid7" }) id!: string;
  @Field(z.enum(["cat", "dog"])) kind!: "cat" | "dog";
  @Field(z.int()) ownerId!: number;
  @Relation(belongsTo("Person", { from: "ownerId" })) owner?: Person;
}
